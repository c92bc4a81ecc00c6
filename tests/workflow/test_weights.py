"""Published weights are fetched once, by a local rule; after that no job needs a network."""

import json
import shutil

import pytest
import safetensors.torch
import timm
import torch
import yaml
from checkout import Checkout
from hub import REVISION, Hub

from whypretrain.models import load

pytestmark = pytest.mark.slow

NAME = "test_resnet.r160_in1k"
CONFIG = {
    "grid": {"targets": ["digits"], "architectures": ["theirs"], "methods": ["probe"], "seeds": [0]},
    "datasets": {"glyphs": {"scripts": ["latin"], "most_per_script": 4, "train_per_class": 2, "test_per_class": 2}},
    "select": {"classes": 2},
    "image": {"channels": 3},
    "models": {"theirs": {"architecture": {"name": "test_resnet"}, "checkpoint": f"timm:{NAME}"}},
}


@pytest.fixture(scope="module")
def fetched(tmp_path_factory):
    """A checkout after a run that fetched weights, what the hub was asked for, and the weights."""
    made = Checkout(tmp_path_factory.mktemp("weights"))
    torch.manual_seed(0)
    state = timm.create_model("test_resnet").state_dict()
    hub = Hub({f"timm/{NAME}/model.safetensors": safetensors.torch.save(state)})
    for experiment in ("first", "second"):
        (made.folder / f"{experiment}.yaml").write_text(yaml.safe_dump({"experiment": experiment, **CONFIG}))
    with hub.served():
        made.variables = {"HF_ENDPOINT": hub.address, "XDG_CACHE_HOME": str(made.folder / "cache")}
        run = made.snakemake("--", "pretrain", config="first.yaml")
        assert run.returncode == 0, run.stderr[-5000:]
    shutil.rmtree(made.folder / "cache")  # what the library kept is not needed any more
    return made, hub, state


def planned(made, config):
    return made.planned("--until", "pretrain_model", config=config) - {"make_data"}


def test_the_record_says_what_they_are(fetched):
    made, hub, state = fetched
    card = json.loads((made.folder / f"weights/timm/{NAME}/weights.json").read_text())
    assert card["checkpoint"] == f"timm:{NAME}"
    assert card["origin"] == {
        "revision": REVISION,
        "url": f"{hub.address}/timm/{NAME}/resolve/{REVISION}/model.safetensors",
    }
    assert (card["mean"], card["std"]) == ([0.5] * 3, [0.5] * 3)
    model = load(made.folder / "results/first/pretrain/theirs/0")
    assert torch.equal(model.state_dict()["backbone.conv1.0.weight"].cpu(), state["conv1.0.weight"])
    record = made.folder / "results/first/pretrain/theirs/0/.provenance/model.safetensors.json"
    inputs = json.loads(record.read_text())["inputs"]
    assert inputs[f"weights/timm/{NAME}/weights.safetensors"] == card["sha256"]


def test_a_second_experiment_fetches_nothing_and_needs_no_network(fetched):
    made, hub, _ = fetched
    run = made.snakemake("--", "pretrain", config="second.yaml")  # the hub is gone
    assert run.returncode == 0, run.stderr[-5000:]
    assert hub.asked.count(f"timm/{NAME}/model.safetensors") == 1
    assert planned(made, "first.yaml") == planned(made, "second.yaml") == set()


def test_another_revision_is_read_again(fetched):
    made, _, _ = fetched
    card = made.folder / f"weights/timm/{NAME}/weights.json"
    before = card.read_text()
    card.write_text(before.replace(json.loads(before)["sha256"], "0" * 64))
    try:
        assert planned(made, "first.yaml") == {"pretrain_model"}
    finally:
        card.write_text(before)
    assert planned(made, "first.yaml") == set()


def test_without_a_network_and_weights_the_run_says_so(fetched):
    made, _, _ = fetched
    folder = made.folder / "weights"
    folder.rename(made.folder / "away")
    made.variables["HF_HUB_OFFLINE"] = "1"  # else the library tries for a minute
    try:
        run = made.snakemake("--forcerun", "fetch_weights", "--", "weights", config="first.yaml")
        log = (folder / f"timm/{NAME}/fetch.log").read_text()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        (made.folder / "away").rename(folder)
    assert run.returncode != 0
    assert f"error: checkpoint timm:{NAME}: could not be fetched" in log
    assert "check the name and the network" in log
