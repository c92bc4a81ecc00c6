"""No result depends on what a method is called: the smoke experiment with methods of one letter."""

import re

import pandas as pd
import pytest
import yaml
from checkout import Checkout

pytestmark = [pytest.mark.slow, pytest.mark.long]
LETTERS = {"probe": "p", "finetune": "f", "scratch": "s", "joint_uot": "j", "joint_random": "r"}
KEYS = ("method", "model", "kind", "reference", "joint", "series", "a", "b")


@pytest.fixture(scope="module")
def renamed(tmp_path_factory):
    """The smoke experiment under other names, run from nothing."""
    made = Checkout(tmp_path_factory.mktemp("renamed"))
    base = yaml.safe_load((made.folder / "config/default.yaml").read_text())
    methods = {LETTERS[name]: own for name, own in base["train"]["methods"].items()}
    (made.folder / "config/default.yaml").write_text(
        yaml.safe_dump({**base, "train": {**base["train"], "jobs": [], "methods": methods}})
    )
    smoke = yaml.safe_load((made.folder / "config/smoke.yaml").read_text())
    smoke["grid"]["methods"] = [LETTERS[name] for name in base["grid"]["methods"]]
    smoke["roles"] = {"reference": "p", "finetune": "f", "scratch": "s", "joint": "j"}
    smoke["train"]["jobs"] = [[LETTERS[name] for name in job] for job in smoke["train"]["jobs"]]
    smoke["train"]["methods"] = {LETTERS[name]: own for name, own in smoke["train"]["methods"].items()}
    (made.folder / "config/smoke.yaml").write_text(yaml.safe_dump(smoke))
    run = made.snakemake()
    assert run.returncode == 0, run.stderr[-8000:]
    return made.folder / "results/smoke"


def under_letters(table):
    """A table of the usual names with the letters in their place."""
    longest = sorted(LETTERS, key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<![a-z])(?<!reinitialised_){name}(?![a-z])(?!_paper)" for name in longest))
    for column in set(KEYS) & set(table):
        table[column] = table[column].astype(str).str.replace(pattern, lambda found: LETTERS[found[0]], regex=True)
    return table


def in_order(table):
    return table.sort_values(list(table), ignore_index=True)[sorted(table)]


def test_all_tables_have_the_same_numbers(finished, renamed):
    usual = finished.folder / "results/smoke"
    names = {str(path.relative_to(usual)) for path in usual.rglob("*.csv") if "benchmarks" not in path.parts}
    other = {str(path.relative_to(renamed)) for path in renamed.rglob("*.csv") if "benchmarks" not in path.parts}
    tables = {name for name in names if not name.startswith("train/digits")}
    assert tables <= other
    for name in sorted(tables - {"claims.csv", "claims_by_setting.csv"}):
        first, second = (pd.read_csv(folder / name, keep_default_na=False) for folder in (usual, renamed))
        pd.testing.assert_frame_equal(in_order(under_letters(first)), in_order(second), obj=name, check_dtype=False)


def test_all_verdicts_and_figures_are_the_same(finished, renamed):
    usual = finished.folder / "results/smoke"
    pd.testing.assert_frame_equal(*(pd.read_csv(folder / "claims.csv") for folder in (usual, renamed)))
    drawn = [{path.name for path in (folder / "figures").glob("*.png")} for folder in (usual, renamed)]
    assert drawn[0] == drawn[1]
