"""What lies outside counts by content: a changed picture, checkpoint or list reruns what reads it, and nothing else."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from checkout import ROOT, Checkout
from PIL import Image
from pipeline import _stages

pytestmark = pytest.mark.slow

CONFIG = {
    "experiment": "mine",
    "grid": {"targets": ["photos"], "architectures": ["mine"], "methods": ["probe", "finetune"], "seeds": [0]},
    "datasets": {
        "glyphs": {"scripts": ["latin"], "most_per_script": 6, "train_per_class": 4, "test_per_class": 2},
        "photos": {"kind": "imagefolder", "root": "photos", "concepts": "concepts.csv"},
    },
    "models": {"mine": {"architecture": {"name": "resnet18", "stem": "small", "options": {"layers": [1, 1, 1, 1],
               "channels": [4, 4, 8, 8]}}, "checkpoint": "file:weights.safetensors"}},
    "select": {"classes": 2},
    "interactions": {"score": {"player_file": "players.json"}},
}  # fmt: skip


def picture(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (16, 16), dtype=np.uint8)).save(path)


def weights(path, seed):
    import torch
    from safetensors.torch import save_file

    from whypretrain.models import Architecture, build

    options = CONFIG["models"]["mine"]["architecture"]
    model = build(Architecture.from_dict({**options, "size": 16, "channels": 1}), ["a", "b"], seed=seed)
    assert torch.isfinite(model.head.weight).all()
    save_file(model.backbone.state_dict(), path)


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """A checkout with a user's own pictures and weights, run up to the features."""
    made = Checkout(tmp_path_factory.mktemp("mine"))
    for name in ("red", "blue"):
        for number in range(6):
            picture(made.folder / "photos" / name / f"{number}.png", number)
    weights(made.folder / "weights.safetensors", 0)
    (made.folder / "concepts.csv").write_text("class_name,concept\nred,colours\nblue,colours\n")
    masks = {"photos": [[[1] * 16] * 16]}
    (made.folder / "players.json").write_text(json.dumps(masks))
    (made.folder / "mine.yaml").write_text(yaml.safe_dump(CONFIG))
    opened = made.folder / ".cache/opened"
    opened.mkdir(parents=True)
    made.variables = {"OPENED": str(opened), "PYTHONPATH": f"{made.folder}/workflow:{ROOT}/tests/opened"}
    run = made.snakemake("--", "features", config="mine.yaml")
    assert run.returncode == 0, run.stderr[-5000:]
    made.variables = {}
    return made


@pytest.fixture
def restored(mine):
    """The checkout, whose outside files are put back afterwards."""
    names = ("photos", "weights.safetensors", "concepts.csv", "players.json")
    kept = mine.folder / "kept"
    kept.mkdir()
    for name in names:
        copy = shutil.copytree if (mine.folder / name).is_dir() else shutil.copy2
        copy(mine.folder / name, kept / name)
    yield mine
    for name in names:
        place = mine.folder / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
        shutil.move(kept / name, place)
    shutil.rmtree(kept)


def planned(mine):
    """Rules that Snakemake would run, and how many jobs of each."""
    run = mine.snakemake("--dry-run", "--quiet", "rules", "--", "features", config="mine.yaml")
    assert run.returncode == 0, run.stderr
    rules = re.findall(r"^(\w+) +(\d+)$", run.stdout + run.stderr, re.MULTILINE)
    return {rule: int(number) for rule, number in rules if rule not in ("features", "total")}


def test_new_times_and_copies_rerun_nothing(restored):
    assert planned(restored) == {}
    for path in (restored.folder / "photos").rglob("*.png"):
        os.utime(path)
    os.utime(restored.folder / "weights.safetensors")
    shutil.move(restored.folder / "photos", restored.folder / "moved")
    shutil.copytree(restored.folder / "moved", restored.folder / "photos")
    shutil.rmtree(restored.folder / "moved")
    assert planned(restored) == {}


CHANGES = {
    "picture added": lambda at: picture(at / "photos/red/new.png", 9),
    "picture replaced": lambda at: picture(at / "photos/red/0.png", 9),
    "picture removed": lambda at: (at / "photos/red/0.png").unlink(),
    "picture renamed": lambda at: (at / "photos/red/0.png").rename(at / "photos/red/zero.png"),
    "class added": lambda at: [picture(at / f"photos/green/{number}.png", number) for number in range(6)],
    "concepts edited": lambda at: (at / "concepts.csv").write_text("class_name,concept\nred,warm\nblue,cold\n"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_data_is_read_again(restored, change):
    CHANGES[change](restored.folder)
    assert planned(restored) == {"make_data": 1, "extract_features": 1}


def digests(mine, experiment="mine"):
    """The hash of every stage's jobs, by which DVC decides what is to be made again."""
    [graph] = mine.graphs(f"{experiment}.yaml")
    return {stage.name: stage.digest for stage in _stages(graph, f"results/{experiment}")}


def test_dvc_makes_the_same_stages_again(restored):
    before = digests(restored)
    for change, stage in (
        (CHANGES["picture replaced"], "data"),
        (CHANGES["concepts edited"], "data"),
        (lambda at: weights(at / "weights.safetensors", 1), "pretrain"),
        (lambda at: (at / "players.json").write_text(json.dumps({"photos": []})), "interactions"),
    ):
        change(restored.folder)
        after = digests(restored)
        assert {name for name in before if before[name] != after[name]} == {stage}
        before = after


def test_weights_in_a_package_count_by_content(mine, tmp_path):
    """And DVC finds them where the package is."""
    theirs = tmp_path / "my_weights/model.safetensors"
    theirs.parent.mkdir()
    (theirs.parent / "__init__.py").touch()
    weights(theirs, 0)
    models = {"mine": {**CONFIG["models"]["mine"], "checkpoint": "package:my_weights"}}
    (mine.folder / "packed.yaml").write_text(yaml.safe_dump({**CONFIG, "experiment": "packed", "models": models}))
    mine.variables = {"PYTHONPATH": f"{mine.folder}/workflow:{tmp_path}"}
    try:
        before = digests(mine, "packed")
        mine.done("python", "workflow/tools/versioning.py", "graph", "--config", "packed.yaml")
        weights(theirs, 1)
        after = digests(mine, "packed")
    finally:
        mine.variables = {}
    assert {name for name in before if before[name] != after[name]} == {"pretrain"}
    written = yaml.safe_load((mine.folder / "experiments/packed/dvc.yaml").read_text())
    assert str(theirs) in written["stages"]["graph"]["deps"]


def test_stages_open_what_the_config_names_and_nothing_else_outside(mine):
    opened = {}
    for path in (mine.folder / ".cache/opened").glob("*.json"):
        process = json.loads(path.read_text())
        parts = {name.split("/")[0] for name in process["opened"] if (mine.folder / name).is_file()}
        opened.setdefault(Path(process["command"][0]).stem, set()).update(
            parts - {"..", "results", "workflow", ".cache"}
        )
    assert {stage: names for stage, names in opened.items() if names} == {
        "data": {"photos", "concepts.csv"},
        "pretrain": {"weights.safetensors"},
    }


def test_dvc_looks_at_what_the_config_names(restored):
    restored.done("python", "workflow/tools/versioning.py", "graph", "--config", "mine.yaml")
    written = yaml.safe_load((restored.folder / "experiments/mine/dvc.yaml").read_text())
    assert {"photos", "concepts.csv", "players.json", "weights.safetensors"} <= set(written["stages"]["graph"]["deps"])


def test_weights_under_the_same_name_are_read_again(restored):
    weights(restored.folder / "weights.safetensors", 1)
    assert planned(restored) == {"pretrain_model": 1, "extract_features": 1}


def test_players_concern_the_scores_alone(restored):
    (restored.folder / "players.json").write_text(json.dumps({"photos": []}))
    assert planned(restored) == {}


def test_records_name_what_a_result_depends_on_directly_or_not(mine):
    results = mine.folder / "results/mine"
    features = json.loads((results / "features/mine/0/.provenance/photos.npz.json").read_text())
    assert set(features["outside"]) == {"photos", "concepts.csv", "weights.safetensors"}
    images = json.loads((results / "data/photos/.provenance/images.npy.json").read_text())
    assert set(images["outside"]) == {"photos", "concepts.csv"}
    tree = mine.done("python", "-m", "whypretrain", "provenance", str(results / "features/mine/0/photos.npz"))
    for part in ("features", "data", "pretrain", "photos", "weights.safetensors", features["outside"]["photos"][:12]):
        assert part in tree


@pytest.mark.parametrize("name", ["photos", "weights.safetensors", "concepts.csv", "players.json"])
def test_what_is_missing_is_named_before_anything_runs(restored, name):
    shutil.move(restored.folder / name, restored.folder / "elsewhere")
    run = restored.snakemake("--dry-run", config="mine.yaml")
    shutil.move(restored.folder / "elsewhere", restored.folder / name)
    assert run.returncode != 0
    assert f": {name} does not exist; check the path" in run.stdout + run.stderr


def test_other_code_than_the_checkouts_is_refused(mine, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(mine.folder / "workflow", other)
    seeds = other / "whypretrain/runtime/seeds.py"
    mine.variables = {"PYTHONPATH": str(other)}
    try:
        assert planned(mine) == {}, "a copy of the same code will do"
        seeds.write_text(seeds.read_text() + "\nMORE = 1\n")
        run = mine.snakemake("--dry-run", config="mine.yaml")
    finally:
        mine.variables = {}
    assert run.returncode != 0
    assert "runtime/seeds.py" in run.stdout + run.stderr
    assert "pip install --editable ." in run.stdout + run.stderr
