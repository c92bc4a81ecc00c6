"""Rule files as text: what no run shows."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_name_of_one_rule_file_is_taken_by_another():
    """Rule files share one namespace: the later of two equal names would win, without a word."""
    files = [ROOT / "Snakefile", *ROOT.glob("workflow/rules/*.smk")]
    owners = [(name, file.name) for file in files for name in set(re.findall(r"(?m)^(\w+) = ", file.read_text()))]
    names = [name for name, _ in owners]
    assert [owner for owner in owners if names.count(owner[0]) > 1] == []
