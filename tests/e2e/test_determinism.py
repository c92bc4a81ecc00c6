"""Two runs from nothing give the same bytes."""

import pytest
from checkout import Checkout
from running import contents

pytestmark = [pytest.mark.slow, pytest.mark.long]
# The page says how long the jobs took and in what state of git they were run; its record holds the page's hash.
OF_THE_RUN = {"report.html", ".provenance/report.html.json"}


def test_two_runs_from_nothing_agree_in_every_file(finished, tmp_path):
    """Another folder, another number of cores and so another order of jobs, another seed of Python's hashes."""
    other = Checkout(tmp_path / "elsewhere")
    other.variables = {"PYTHONHASHSEED": "1"}
    run = other.snakemake(cores=1)
    assert run.returncode == 0, run.stderr[-8000:]
    first, second = (contents(each.folder / "results/smoke") for each in (finished, other))
    assert first.keys() == second.keys()
    assert {name for name in first if first[name] != second[name]} <= OF_THE_RUN
    kinds = {name.rpartition(".")[2] for name in first}
    assert {"csv", "safetensors", "npz", "npy", "parquet", "json", "png", "svg", "pdf"} <= kinds
