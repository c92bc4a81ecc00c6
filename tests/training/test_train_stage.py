"""The stages of training as they are called: arguments in, files out."""

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file
from trained import RECIPE, RECIPES, contents

from whypretrain import data, models
from whypretrain.runtime import files
from whypretrain.training import evaluate

CLUSTERED = {**RECIPE, "source": "uot", "source_loss": "consistency"}

pytestmark = pytest.mark.usefixtures("stages_share_a_process")


def test_every_method_leaves_its_files(root, target):
    folder = root / "train/bars/vit/finetune/0"
    names = ["checkpoints.safetensors", "history.csv", "metrics.json", "model.json", "model.safetensors"]
    assert list(contents(folder)) == names
    metrics = files.read_json(folder / "metrics.json")
    assert {key: metrics[key] for key in ("target", "architecture", "method", "seed", "steps")} == {
        "target": "bars", "architecture": "vit", "method": "finetune", "seed": 0, "steps": 20,
    }  # fmt: skip
    model = models.load(folder)
    assert metrics["accuracy"] == evaluate(model, target.split("test"))["accuracy"]
    checkpoints = load_file(folder / "checkpoints.safetensors")
    assert {name.split("/")[0] for name in checkpoints} == {"0", "1", "20"}
    assert all(torch.equal(checkpoints[f"20/{name}"], tensor) for name, tensor in model.state_dict().items())
    assert torch.equal(checkpoints["0/backbone.cls_token"], models.load(root / "pretrain/vit/0").backbone.cls_token)


def test_a_start_may_be_a_model_of_another_target(root, target):
    """Step 0 has the features of the model that it began as, and a head of its own."""
    recipes = {"neighbour": {**RECIPE, "start": "shapes/scratch", "checkpoints": 2}}
    start = root / "train/bars/vit/scratch/0"
    root.train(recipes, "neighbours", "--start", start)
    folder, begun = root / "neighbours/neighbour/0", models.load(start)
    model = models.load(folder)
    [(step, first), _] = models.load_checkpoints(folder / "checkpoints.safetensors", model)
    images = models.as_input(target.images[:5])
    assert step == 0
    assert torch.equal(first.features(images), begun.features(images))
    assert not torch.equal(first.head.weight, begun.head.weight)
    assert not torch.equal(model.features(images), begun.features(images))


def test_methods_do_not_depend_on_their_company(root):
    root.train(RECIPES, "alone/bars/vit", methods=["joint_uot"])
    assert contents(root / "alone/bars/vit/joint_uot/0") == contents(root / "train/bars/vit/joint_uot/0")


def test_another_draw_of_a_recipe_is_another_model(root):
    recipes = {f"draw_{draw}": {**RECIPES["finetune"], "draw": draw} for draw in (0, 1)}
    root.train(recipes, "draws")
    same, other = [(root / f"draws/{name}/0/model.safetensors").read_bytes() for name in recipes]
    assert same == (root / "train/bars/vit/finetune/0/model.safetensors").read_bytes()
    assert other != same


def test_the_precision_used_is_told_where_one_was_asked_for(root):
    recipes = {"rounded": {**RECIPE, "precision": "bfloat16"}}
    root.train(recipes, "rounded")
    assert files.read_json(root / "rounded/rounded/0/metrics.json")["precision"] == "bfloat16"
    assert '"precision": "bfloat16"' in (root / "rounded/rounded/0/model.json").read_text()
    for name in ("metrics", "model"):
        assert "precision" not in (root / f"train/bars/vit/finetune/0/{name}.json").read_text()


def test_source_matters_and_is_counted(root):
    metrics = {method: files.read_json(root / f"train/bars/vit/{method}/0/metrics.json") for method in RECIPES}
    assert metrics["finetune"]["images_seen"] == 160
    assert metrics["joint_uot"]["images_seen"] == 320
    weights = {(root / f"train/bars/vit/{method}/0/model.safetensors").read_bytes() for method in RECIPES}
    assert len(weights) == len(RECIPES)


def test_the_number_of_source_classes_needs_no_new_selection(root):
    recipes = {f"joint_{number}": {**RECIPE, "source": "uot", "source_classes": number} for number in (1, 2, 3)}
    root.train(recipes, "numbers")
    weights = [(root / f"numbers/{name}/0/model.safetensors").read_bytes() for name in recipes]
    assert weights[1] == (root / "train/bars/vit/joint_uot/0/model.safetensors").read_bytes()
    assert len(set(weights)) == 3


def test_clusters_are_drawn_from_in_place_of_classes(root, source):
    """Clusters that are the classes give the source images of the classes, and their labels are not used."""
    labels = np.where(source.manifest["split"] == "train", source.labels, -1)
    np.savez(root / "clusters.npz", labels=labels)
    options = ["--clusters", str(root / "clusters.npz")]
    recipes = {"uot": CLUSTERED, "all": {**CLUSTERED, "source": "all"}}
    selection = ["--cluster-selection", str(root / "select/vit/0/bars.csv")]
    root.train(recipes, "clustered", *options, *selection)
    seen = [files.read_json(root / f"clustered/{name}/0/metrics.json")["images_seen"] for name in recipes]
    assert seen == [20 * (8 + 2 * 8)] * 2
    weights = {(root / f"clustered/{name}/0/model.safetensors").read_bytes() for name in recipes}
    assert len(weights) == 2


def test_near_duplicates_are_counted_and_left_out_when_asked(root, source, target, tmp_path):
    """Three source images of class 1 are copies of test images, one of class 2, which is not selected, too."""
    tests = target.split("test")
    images = source.images.copy()
    copied = [*np.flatnonzero((source.labels == 1) & (source.manifest["split"] == "train"))[:3]]
    copied += [np.flatnonzero((source.labels == 2) & (source.manifest["split"] == "train"))[0]]
    images[copied] = tests.images[: len(copied)]
    data.save(data.ImageSet(images, source.manifest), tmp_path / "glyphs")
    recipes = {name: {**RECIPE, "source": "uot", "drop_duplicates": name == "without"} for name in ("with", "without")}
    root.train(recipes, "copies", "--source", tmp_path / "glyphs")
    found = {name: files.read_json(root / f"copies/{name}/0/metrics.json") for name in recipes}
    assert [found[name]["duplicates"] for name in recipes] == [3, 3]
    assert [found[name]["source_images"] for name in recipes] == [12, 9]
    assert [found[name]["source_classes"] for name in recipes] == [2, 2]
    assert found["with"]["n_train"] == 40


def test_pretraining_is_the_same_to_the_byte(root):
    again = root.pretrain(out="again/vit/0")
    assert contents(again) == contents(root / "pretrain/vit/0")
    assert {"accuracy", "n_test"} <= files.read_json(again / "metrics.json").keys()
    assert models.load(again).architecture.mean == tuple(files.read_json(root / "data/glyphs/data.json")["mean"])


def test_a_checkpoint_is_imported_in_place_of_training(root, capsys):
    state = models.load(root / "pretrain/vit/0").backbone.state_dict()
    torch.save(state, root / "bare.pth")
    folder = root.pretrain(out="imported/vit/0", checkpoint=f"file:{root / 'bare.pth'}")
    imported, original = models.load(folder), models.load(root / "pretrain/vit/0")
    images = torch.rand(3, 1, 8, 8)
    torch.testing.assert_close(imported.features(images), original.features(images))
    assert "accuracy" not in files.read_json(folder / "metrics.json")
    notes = files.read_json(folder / "model.json")["provenance"]["notes"]
    assert notes[0].startswith("images are normalised by what the source data have: mean")
    assert notes[0] in capsys.readouterr().err


def test_a_published_network_is_normalised_as_timm_does(root, capsys):
    """timm knows the architecture where it has no options of the config's; what the config names stays."""
    torch.save(timm.create_model("test_resnet", in_chans=1).state_dict(), root / "test_resnet.pth")
    network, usual = {"name": "test_resnet"}, timm.get_pretrained_cfg("test_resnet")
    for given in ({}, {"std": [0.4]}):
        folder = root.pretrain(
            out=f"usual/{len(given)}/0",
            architecture={**network, **given},
            checkpoint=f"file:{root / 'test_resnet.pth'}",
        )
        found = models.load(folder).architecture
        assert found.mean == pytest.approx([np.mean(usual.mean)])
        assert found.std == pytest.approx(given.get("std", [np.mean(usual.std)]))
        assert "images are normalised by what timm has for test_resnet" in capsys.readouterr().err


@pytest.mark.parametrize("mode", [{"mode": "strong"}, {"mode": "paper", **RECIPE, "steps": 100}])
def test_a_probe_is_a_model_like_any_other(root, target, mode):
    folder = root.probe(mode, method=f"probe_{mode['mode']}")
    model, pretrained = models.load(folder), models.load(root / "pretrain/vit/0")
    test = target.split("test")
    assert model.classes == test.classes
    assert all(
        torch.equal(a, b) for a, b in zip(model.backbone.parameters(), pretrained.backbone.parameters(), strict=True)
    )
    metrics = files.read_json(folder / "metrics.json")
    assert metrics["accuracy"] == pytest.approx(evaluate(model, test)["accuracy"])
    assert metrics["accuracy"] > 0.4  # chance is 0.25


def test_a_probe_trains_for_the_epochs_of_its_recipe(root):
    recipe = {key: value for key, value in RECIPE.items() if key != "steps"} | {"epochs": 3}
    folder = root.probe({"mode": "paper", **recipe}, method="probe_epochs")
    assert files.read_json(folder / "metrics.json")["steps"] == 15  # of 40 images, 8 a step


@pytest.mark.parametrize(
    ("methods", "recipes", "message"),
    [
        (["finetune"], {"other": RECIPE}, "no recipe for method 'finetune'; recipes are other"),
        (["finetune"], {"finetune": {"step": 3}}, "unknown key 'step' in --config.recipes.finetune"),
        (
            ["finetune"],
            {"finetune": {**RECIPE, "source": "vote"}},
            "train.finetune.source: rule 'vote' selects no class",
        ),
        (["j"], {"j": {**RECIPE, "start": "shapes/scratch"}}, "train.j: start 'shapes/scratch' needs --start"),
        (["j"], {"j": CLUSTERED}, "train.j: source 'uot', consistency, needs --clusters"),
        (
            ["j"],
            {"j": {**RECIPE, "source": "uot", "source_classes": 4}},
            "train.j.source_classes: 4 of 3 source classes",
        ),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(root, capsys, methods, recipes, message):
    with pytest.raises(SystemExit) as stop:
        root.train(recipes, "bad", methods=methods)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert not (root / "bad").exists()
