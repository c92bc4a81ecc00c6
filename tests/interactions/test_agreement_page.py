"""What docs/agreement.md says about two models made of random numbers."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/agreement.md"


def test_the_example_of_the_page_prints_what_stands_there(capsys) -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    [printed] = re.findall(r"```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(code, {})
    assert capsys.readouterr().out == printed
