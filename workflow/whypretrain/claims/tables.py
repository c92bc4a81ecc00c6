"""The tables of verdicts as files: `claims.csv`, one row a claim, and `claims_by_setting.csv` next to it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from whypretrain.claims.verdict import ALL, FAILS, HOLDS, NOT_RUN, UNDECIDED, VERDICTS
from whypretrain.errors import InputError
from whypretrain.runtime.files import read_table, write_table

BY_SETTING = "claims_by_setting.csv"  # a row a claim, architecture and target, where there are several
#: Words of earlier versions; a magnitude had a verdict in any setting then.
EARLIER = {"supported": HOLDS, "contradicted": FAILS, "inconclusive": UNDECIDED, "not testable here": NOT_RUN}
COLUMNS = ["id", "paper", "claim", "architecture", "target", "estimate", "low", "high", "verdict", "figure"]


def write_verdicts(claims: str | Path, verdicts: pd.DataFrame) -> None:
    """Write the rows over all runs to the table `claims`, and the others to the table by setting next to it."""
    overall = verdicts["architecture"] == ALL
    write_table(claims, verdicts[overall])
    write_table(Path(claims).with_name(BY_SETTING), verdicts[~overall])


def read_verdicts(claims: str | Path) -> pd.DataFrame:
    """All rows of the table `claims` and, where it exists, of the table by setting next to it.

    Raises:
        InputError: if one of them is not a table of verdicts.
    """
    by_setting = Path(claims).with_name(BY_SETTING)
    paths = [Path(claims), *([by_setting] if by_setting.exists() else [])]
    return pd.concat([_checked(path) for path in paths], ignore_index=True)


def _checked(path: Path) -> pd.DataFrame:
    table, again = read_table(path), f"make it again: snakemake --cores all {path}"
    if missing := [name for name in COLUMNS if name not in table]:
        raise InputError(f"{path}: no column {', '.join(missing)}; {again}")
    table["verdict"] = table["verdict"].replace(EARLIER)
    if unknown := set(table["verdict"]) - set(VERDICTS):
        raise InputError(f"{path}: unknown verdict {', '.join(map(str, unknown))}; {again}")
    return table
