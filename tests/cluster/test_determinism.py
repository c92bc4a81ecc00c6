"""Two runs from nothing give the same bytes."""

import os

import pytest
from checkout import Checkout
from running import Experiment, contents

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.environ.get("WHYPRETRAIN_CLUSTER") != "1", reason="two whole runs: run `make test-cluster`"
    ),
]


def test_two_runs_from_nothing_agree_in_every_file(tmp_path):
    runs = [Experiment(Checkout(tmp_path / name), target="all") for name in ("first", "second")]
    for run in runs:
        run.finish()
    first, second = (contents(run.results) for run in runs)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
