"""Two runs from nothing, one by Snakemake and one by DVC: the same bytes, and neither repeats the other's work."""

import os

import pytest
from checkout import Checkout
from running import CONFIG, Experiment, contents

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.environ.get("WHYPRETRAIN_CLUSTER") != "1", reason="two whole runs: run `make test-cluster`"
    ),
]


def test_two_runs_from_nothing_agree_in_every_file(tmp_path):
    by_snakemake, by_dvc = (
        Experiment(Checkout(tmp_path / name), target="all") for name in ("snakemake", "dvc")
    )
    by_snakemake.finish()
    for run in (by_snakemake, by_dvc):
        run.checkout.git_init()
    record = ["python", "workflow/tools/versioning.py", "record", "--config", CONFIG]
    by_snakemake.checkout.done(*record)
    repeated = by_snakemake.checkout.done("dvc", "repro", "experiments/tiny/dvc.yaml")
    assert "Running stage" not in repeated

    restored = by_dvc.checkout.run(*record[:2], "restore", *record[3:])
    assert "current: none" in restored.stdout
    by_dvc.checkout.done("dvc", "repro", "experiments/tiny/dvc.yaml")
    assert "Nothing to be done" in by_dvc.finish("--dry-run")

    first, second = contents(by_snakemake.results), contents(by_dvc.results)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
