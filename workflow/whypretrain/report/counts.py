"""Numbers of verdicts in a text: `python -m whypretrain.report.counts results/default README.md`.

What is between `<!-- verdicts -->` and `<!-- /verdicts -->` is replaced by a sentence made from the claims.csv there.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from whypretrain.claims import FAILS, HOLDS, NOT_RUN, OUTSIDE, UNDECIDED
from whypretrain.errors import InputError
from whypretrain.report.verdicts import read
from whypretrain.runtime.files import atomic

_PLACE = re.compile(r"(<!-- verdicts -->\n).*?(<!-- /verdicts -->)", re.DOTALL)
_SAID = {
    HOLDS: "hold in these runs",
    FAILS: "fail in them",
    UNDECIDED: "are undecided",
    OUTSIDE: "are published numbers of another setting, shown next to ours without a verdict",
    NOT_RUN: "need another experiment",
}


def sentence(results: Path) -> str:
    """How many claims have which verdict.

    Raises:
        InputError: if there is no table of verdicts.
    """
    counts = read(results / "claims.csv").counts()
    parts = [f"{counts[verdict]} {said}" for verdict, said in _SAID.items() if counts[verdict]]
    return f"Of {sum(counts.values())} claims {'; '.join(parts)}."


def write(results: Path, page: Path) -> None:
    """Put the sentence into its place in the page.

    Raises:
        InputError: if the page has no such place.
    """
    text = page.read_text(encoding="utf-8")
    if not _PLACE.search(text):
        raise InputError(f"{page}: no place for numbers; mark it with <!-- verdicts --> and <!-- /verdicts -->")
    said = sentence(results)
    with atomic(page, result=False) as temporary:
        temporary.write_text(_PLACE.sub(lambda found: f"{found[1]}{said}\n{found[2]}", text), encoding="utf-8")


if __name__ == "__main__":
    try:
        write(Path(sys.argv[1]), Path(sys.argv[2]))
    except InputError as error:
        sys.exit(f"error: {error}")
