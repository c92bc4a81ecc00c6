"""Numbers of verdicts are written into a page by a command."""

import pandas as pd
import pytest

from whypretrain.claims import FAILS, HOLDS, OUTSIDE, write_verdicts
from whypretrain.claims.tables import COLUMNS
from whypretrain.errors import InputError
from whypretrain.report.counts import write


def test_numbers_replace_those_of_before(tmp_path):
    verdicts = [HOLDS, HOLDS, FAILS, OUTSIDE]
    rows = {"id": [*"abcd"], "paper": "p", "architecture": "all", "target": "all", "verdict": verdicts}
    write_verdicts(tmp_path / "claims.csv", pd.DataFrame({**dict.fromkeys(COLUMNS, ""), **rows}))
    page = tmp_path / "page.md"
    page.write_text("Before.\n<!-- verdicts -->\nOf 3 claims all hold.\n<!-- /verdicts -->\nAfter.\n")
    for _ in range(2):
        write(tmp_path, page)
        assert page.read_text().splitlines() == [
            "Before.",
            "<!-- verdicts -->",
            "Of 4 claims 2 hold in these runs; 1 fail in them; 1 are published numbers of another setting, shown next "
            "to ours without a verdict.",
            "<!-- /verdicts -->",
            "After.",
        ]
    page.write_text("No place.")
    with pytest.raises(InputError, match="no place for numbers"):
        write(tmp_path, page)
