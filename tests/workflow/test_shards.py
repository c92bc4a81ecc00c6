"""Features and scores in shards, by the real workflow: the same bytes, and what is broken off resumes."""

import os
import re
import signal

import pytest
import yaml
from checkout import Checkout
from running import CONFIG, Experiment, until

from whypretrain.config.files import merged

FEW = {
    "pretrain": {"steps": 4},
    "grid": {"methods": ["probe", "finetune"]},
    "features": {"batch_size": 64},
    "interactions": {"score": {"batch_size": 32}},
}
SCORES = "results/tiny/interactions/digits/vit/0.npz"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Two configs, 1/tiny.yaml without shards and 2/tiny.yaml with two of them, for the same folder of results."""
    found = Checkout(tmp_path_factory.mktemp("shards"))
    tiny = merged(yaml.safe_load((found.folder / CONFIG).read_text()), FEW)
    for number in (1, 2):
        shards = {"features": {"shards": number}, "interactions": {"score": {"shards": number}}}
        (found.folder / str(number)).mkdir()
        (found.folder / f"{number}/tiny.yaml").write_text(yaml.safe_dump(merged(tiny, shards)))
    return found


def counted(log):
    """Jobs that a run did, by rule, from its table of jobs."""
    found = {rule: int(number) for rule, number in re.findall(r"^(\w+) +(\d+)$", log, re.MULTILINE)}
    return {rule: number for rule, number in found.items() if rule not in ("features", "total")}


def broken_off(features):
    """Kill a run while its second shard is computed, and let another finish; the jobs of that."""

    def second():
        made = {file.stem for file in (features.results / "features/vit/0/shards").glob("*-of-2.npz")}
        left = {"1-of-2", "2-of-2"} - made
        return run.poll() is not None or (len(left) == 1 and features.job("features", "--shard", left.pop()))

    with features.started("--cores", "1") as run:
        until(second)
        assert run.poll() is None
        os.kill(run.pid, signal.SIGKILL)
    features.finish("--unlock")
    return counted(features.finish())


@pytest.mark.long
@pytest.mark.slow
def test_shards_give_the_same_bytes_and_a_broken_run_goes_on_with_those_that_lack(checkout):
    whole = Experiment(checkout, SCORES, "1/tiny.yaml")
    assert not {"extract_shard", "score_shard"} & set(counted(whole.finish()))
    files = [*whole.results.glob("features/vit/0/*.npz"), checkout.folder / SCORES]
    before = {file: file.read_bytes() for file in files}
    assert len(before) == 3
    whole.forget("features", "interactions")

    features, scores = (Experiment(checkout, target, "2/tiny.yaml") for target in ("features", SCORES))
    assert broken_off(features) == {"extract_shard": 1, "extract_features": 1}
    assert counted(scores.finish()) == {"check_scored_sizes": 1, "score_shard": 2, "score_coalitions": 1}
    assert {file: file.read_bytes() for file in files} == before
    assert not list(features.results.glob("*/**/*-of-2.npz"))
    assert "Nothing to be done" in scores.finish()
