"""Own data and published weights are not in git: next to the same ones a clone has nothing to do, else it says so.

The outputs hold their own names in place of results, as in test_versioning.
"""

import json
import os
import shutil

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
import yaml
from checkout import Checkout
from hub import Hub
from PIL import Image
from recorded import Recorded

pytestmark = [pytest.mark.slow, pytest.mark.long]

CONFIG = "mine.yaml"
NAME = "test_resnet.r160_in1k"
MINE = {
    "experiment": "mine",
    "grid": {"targets": ["photos"], "architectures": ["theirs"], "methods": ["probe", "finetune"], "seeds": [0]},
    "image": {"channels": 3},
    "datasets": {"photos": {"kind": "imagefolder", "root": "data/photos", "concepts": "data/concepts.csv"}},
    "models": {"theirs": {"architecture": {"name": "test_resnet"}, "checkpoint": f"timm:{NAME}"}},
    "interactions": {"score": {"player_file": "data/players.json"}},
}
WEIGHTS = f"weights/timm/{NAME}/weights.safetensors"


def picture(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8, 3), value, np.uint8)).save(path)


@pytest.fixture(scope="module")
def hub():
    torch.manual_seed(0)
    state = timm.create_model("test_resnet").state_dict()
    with Hub({f"timm/{NAME}/model.safetensors": safetensors.torch.save(state)}).served() as served:
        yield served


@pytest.fixture(scope="module")
def origin(tmp_path_factory, hub):
    """A repository whose results are recorded and in a remote; its data and weights are not."""
    checkout = Checkout(tmp_path_factory.mktemp("origin"))
    checkout.variables = {"HF_ENDPOINT": hub.address, "XDG_CACHE_HOME": str(checkout.folder / ".cache")}
    for number, name in enumerate(("red", "blue")):
        picture(checkout.folder / f"data/photos/{name}/0.png", number)
    (checkout.folder / "data/concepts.csv").write_text("class_name,concept\nred,colours\nblue,colours\n")
    (checkout.folder / "data/players.json").write_text("{}")
    (checkout.folder / CONFIG).write_text(yaml.safe_dump(MINE))
    found = Recorded(checkout, CONFIG)
    found.snakemake("--", "weights")
    found.pretend()
    found.publish(tmp_path_factory.mktemp("remote"))
    return found


@pytest.fixture(scope="module")
def restored(origin, tmp_path_factory):
    """A clone with a copy of the data, all times new; the weights were fetched again."""
    folder = tmp_path_factory.mktemp("clone") / "repository"
    origin.checkout.done("git", "clone", "--quiet", ".", str(folder))
    shutil.copytree(origin.checkout.folder / "data", folder / "data", copy_function=shutil.copyfile)
    found = Recorded(Checkout(folder, origin=None), CONFIG)
    found.checkout.variables = {**origin.checkout.variables, "XDG_CACHE_HOME": str(folder / ".cache")}
    run = found.versioning("restore")
    assert "to be made: none" in run.stdout, run.stderr
    assert "not what the recorded results" not in run.stdout
    return found


def test_a_clone_next_to_the_same_data_has_nothing_to_do(restored):
    restored.assert_nothing_to_do()
    for path in [*(restored.checkout.folder / "data").rglob("*.*"), restored.checkout.folder / WEIGHTS]:
        os.utime(path)
    restored.assert_nothing_to_do()


FROM_DATA = "data features select train interactions invariances claims figures report"
CHANGES = {
    "picture": (lambda at: picture(at / "data/photos/red/0.png", 9), "data", FROM_DATA),
    "concepts": (
        lambda at: (at / "data/concepts.csv").write_text("class_name,concept\nred,warm\nblue,cold\n"),
        "data",
        FROM_DATA,
    ),
    "players": (
        lambda at: (at / "data/players.json").write_text("[]"),
        "interactions",
        "interactions claims figures report",
    ),
    "revision": (lambda at: another_revision(at / WEIGHTS), "pretrain", f"pretrain {FROM_DATA.removeprefix('data ')}"),
}


def another_revision(weights):
    """As if these had been fetched: other tensors, and the card that says so."""
    card = weights.with_name("weights.json")
    card.write_text(json.dumps({**json.loads(card.read_text()), "sha256": "0" * 64}))


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_outside_gives_both_tools_the_same_work(restored, change):
    make, changed, stages = CHANGES[change]
    folder, kept = restored.checkout.folder, restored.checkout.folder.parent / "kept"
    for name in ("data", "weights"):
        shutil.copytree(folder / name, kept / name)
    make(folder)
    try:
        assert restored.stages_to_run() == set(stages.split())
        assert restored.dvc_changes() == {changed}
    finally:
        for name in ("data", "weights"):
            shutil.rmtree(folder / name)
            shutil.move(kept / name, folder / name)
        restored.versioning("graph")


def test_restore_next_to_other_data_says_so(origin, tmp_path):
    folder = tmp_path / "other"
    origin.checkout.done("git", "clone", "--quiet", ".", str(folder))
    other = Recorded(Checkout(folder, origin=None), CONFIG)
    other.checkout.variables = origin.checkout.variables
    run = other.versioning("restore")
    assert run.returncode == 1
    assert "datasets.photos.concepts: data/concepts.csv does not exist" in run.stderr
    shutil.copytree(origin.checkout.folder / "data", folder / "data")
    picture(folder / "data/photos/red/new.png", 3)
    run = other.versioning("restore")
    assert "not what the recorded results were made from:\n  data/photos (modified)\n" in run.stdout, run.stderr
    assert "to be made: data" in run.stdout
    assert not (other.results / "claims.csv").exists()
