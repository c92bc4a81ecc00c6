"""The training stages as they are called: arguments in, files out."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from whypretrain import data, files, models
from whypretrain.stages import features, pretrain, probe, runs, train
from whypretrain.training import evaluate

ARCHITECTURE = {
    "name": "vit_tiny_patch16_224",
    "options": {"patch_size": 4, "embed_dim": 12, "depth": 2, "num_heads": 2},
}
RECIPE = {"steps": 20, "batch_size": 8, "learning_rate": 0.01}
RECIPES = {
    "finetune": {**RECIPE, "checkpoints": 3},
    "scratch": {**RECIPE, "start": "random", "steps": 30},
    "joint_uot": {**RECIPE, "source": "uot"},
    "joint_all": {**RECIPE, "source": "all"},
}
CLUSTERED = {**RECIPE, "source": "uot", "source_loss": "consistency"}


@pytest.fixture(scope="module", autouse=True)
def _one_process_for_all_stages():
    """Torch allows its interop threads to be set once a process; here many stages share one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("whypretrain.stages._run.limit_threads", lambda threads: None)
        yield


@pytest.fixture(scope="module")
def root(tmp_path_factory, image_sets):
    folder = tmp_path_factory.mktemp("results")
    for name, images in image_sets.items():
        data.save(images, folder / "data" / name)
    _pretrain(folder)
    rows = [("uot", 1, 3, True), ("uot", 2, 1, True), ("uot", 3, 2, False), ("random", 1, 0, True)]
    table = pd.DataFrame(rows, columns=["rule", "rank", "class_index", "selected"])
    files.write_table(folder / "select/vit/0/bars.csv", table)
    _train(folder, list(RECIPES))
    return folder


@pytest.fixture(scope="module")
def image_sets(target, source):
    return {"bars": target, "glyphs": source}


def _pretrain(root, out="pretrain/vit/0", **change):
    config = {"architecture": ARCHITECTURE, "image": {"size": 8, "channels": 1}, "recipe": RECIPE, "seed": 0}
    arguments = ["--data", root / "data/glyphs", "--seed", 0, "--out", root / out]
    pretrain.main(["--config", json.dumps({**config, **change}), *map(str, arguments)])
    return root / out


def _train(root, methods, folder="train/bars/vit", recipes=RECIPES, options=()):
    arguments = [
        *("--target", root / "data/bars", "--pretrained", root / "pretrain/vit/0", "--seed", 0),
        *("--source", root / "data/glyphs", "--selection", root / "select/vit/0/bars.csv"),
        *options,
        *("--out", *[f"{method}={root / folder / method / '0'}" for method in methods]),
    ]
    train.main(["--config", json.dumps({"recipes": recipes, "seed": 0}), *map(str, arguments)])


def _probe(root, mode, method="probe"):
    data_folders = [str(root / "data/bars")]
    out = root / "features/vit/0"
    features.main(["--model", str(root / "pretrain/vit/0"), "--data", *data_folders, "--out", str(out)])
    arguments = [
        *(
            "--features",
            out / "bars.npz",
            "--pretrained",
            root / "pretrain/vit/0",
            "--data",
            root / "data/bars",
        ),
        *("--target", "bars", "--architecture", "vit", "--method", method, "--seed", 0),
        *("--out", root / "train/bars/vit" / method / "0"),
    ]
    probe.main(["--config", json.dumps(mode), *map(str, arguments)])
    return root / "train/bars/vit" / method / "0"


def _bytes(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def test_every_method_leaves_its_files(root, image_sets):
    folder = root / "train/bars/vit/finetune/0"
    names = ["checkpoints.safetensors", "history.csv", "metrics.json", "model.json", "model.safetensors"]
    assert list(_bytes(folder)) == names
    metrics = files.read_json(folder / "metrics.json")
    assert {key: metrics[key] for key in ("target", "architecture", "method", "seed", "steps")} == {
        "target": "bars", "architecture": "vit", "method": "finetune", "seed": 0, "steps": 20,
    }  # fmt: skip
    model = models.load(folder)
    assert metrics["accuracy"] == evaluate(model, image_sets["bars"].split("test"))["accuracy"]
    checkpoints = load_file(folder / "checkpoints.safetensors")
    assert {name.split("/")[0] for name in checkpoints} == {"0", "1", "20"}
    assert all(torch.equal(checkpoints[f"20/{name}"], tensor) for name, tensor in model.state_dict().items())
    assert torch.equal(
        checkpoints["0/backbone.cls_token"], models.load(root / "pretrain/vit/0").backbone.cls_token
    )


def test_methods_do_not_depend_on_their_company(root):
    _train(root, ["joint_uot"], folder="alone/bars/vit")
    assert _bytes(root / "alone/bars/vit/joint_uot/0") == _bytes(root / "train/bars/vit/joint_uot/0")


def test_another_draw_of_a_recipe_is_another_model(root):
    recipes = {f"draw_{draw}": {**RECIPES["finetune"], "draw": draw} for draw in (0, 1)}
    _train(root, list(recipes), folder="draws", recipes=recipes)
    same, other = [(root / f"draws/{name}/0/model.safetensors").read_bytes() for name in recipes]
    assert same == (root / "train/bars/vit/finetune/0/model.safetensors").read_bytes()
    assert other != same


def test_the_precision_used_is_told_where_one_was_asked_for(root):
    recipes = {"rounded": {**RECIPE, "precision": "bfloat16"}}
    _train(root, list(recipes), folder="rounded", recipes=recipes)
    assert files.read_json(root / "rounded/rounded/0/metrics.json")["precision"] == "bfloat16"
    assert '"precision": "bfloat16"' in (root / "rounded/rounded/0/model.json").read_text()
    for name in ("metrics", "model"):
        assert "precision" not in (root / f"train/bars/vit/finetune/0/{name}.json").read_text()


def test_source_matters_and_is_counted(root):
    metrics = {
        method: files.read_json(root / f"train/bars/vit/{method}/0/metrics.json") for method in RECIPES
    }
    assert metrics["finetune"]["images_seen"] == 160
    assert metrics["joint_uot"]["images_seen"] == 320
    weights = {(root / f"train/bars/vit/{method}/0/model.safetensors").read_bytes() for method in RECIPES}
    assert len(weights) == len(RECIPES)


def test_the_number_of_source_classes_needs_no_new_selection(root):
    recipes = {
        f"joint_{number}": {**RECIPE, "source": "uot", "source_classes": number} for number in (1, 2, 3)
    }
    _train(root, list(recipes), folder="numbers", recipes=recipes)
    weights = [(root / f"numbers/{name}/0/model.safetensors").read_bytes() for name in recipes]
    assert weights[1] == (root / "train/bars/vit/joint_uot/0/model.safetensors").read_bytes()
    assert len(set(weights)) == 3


def test_clusters_are_drawn_from_in_place_of_classes(root, image_sets):
    """Clusters that are the classes give the source images of the classes, and their labels are not used."""
    source = image_sets["glyphs"]
    labels = np.where(source.manifest["split"] == "train", source.labels, -1)
    np.savez(root / "clusters.npz", labels=labels)
    options = ["--clusters", str(root / "clusters.npz")]
    recipes = {"uot": CLUSTERED, "all": {**CLUSTERED, "source": "all"}}
    selection = ["--cluster-selection", str(root / "select/vit/0/bars.csv")]
    _train(root, ["uot", "all"], folder="clustered", recipes=recipes, options=[*options, *selection])
    seen = [files.read_json(root / f"clustered/{name}/0/metrics.json")["images_seen"] for name in recipes]
    assert seen == [20 * (8 + 2 * 8)] * 2
    weights = {(root / f"clustered/{name}/0/model.safetensors").read_bytes() for name in recipes}
    assert len(weights) == 2


def test_near_duplicates_are_counted_and_left_out_when_asked(root, image_sets, tmp_path):
    """Three source images of class 1 are copies of test images, one of class 2, which is not selected, too."""
    source, tests = image_sets["glyphs"], image_sets["bars"].split("test")
    images = source.images.copy()
    copied = [*np.flatnonzero((source.labels == 1) & (source.manifest["split"] == "train"))[:3]]
    copied += [np.flatnonzero((source.labels == 2) & (source.manifest["split"] == "train"))[0]]
    images[copied] = tests.images[: len(copied)]
    data.save(data.ImageSet(images, source.manifest), tmp_path / "glyphs")
    recipes = {
        name: {**RECIPE, "source": "uot", "drop_duplicates": name == "without"}
        for name in ("with", "without")
    }
    _train(
        root, list(recipes), folder="copies", recipes=recipes, options=["--source", str(tmp_path / "glyphs")]
    )
    found = {name: files.read_json(root / f"copies/{name}/0/metrics.json") for name in recipes}
    assert [found[name]["duplicates"] for name in recipes] == [3, 3]
    assert [found[name]["source_images"] for name in recipes] == [12, 9]
    assert [found[name]["source_classes"] for name in recipes] == [2, 2]
    assert found["with"]["n_train"] == 40


TUNED = {**RECIPE, "source": "uot", "tune": {"learning_rate": [1e-5, 0.01], "source_weight": [0.1, 1.0]}}


def test_the_choice_of_settings_does_not_read_the_test_labels(root, image_sets, tmp_path):
    """With the labels of the test images turned round, the trials and the model are the same; its accuracy is not."""
    images = image_sets["bars"]
    swapped = images.manifest.copy()
    swapped.loc[swapped["split"] == "test", ["label", "class_name"]] = swapped.loc[
        swapped["split"] == "test", ["label", "class_name"]
    ].to_numpy()[::-1]
    data.save(data.ImageSet(images.images, swapped), tmp_path / "bars")
    _train(root, ["tuned"], folder="tuned", recipes={"tuned": TUNED})
    target = ["--target", str(tmp_path / "bars")]
    _train(root, ["tuned"], folder="swapped", recipes={"tuned": TUNED}, options=target)
    honest, other = (_bytes(root / folder / "tuned/0") for folder in ("tuned", "swapped"))
    assert {name for name in honest if honest[name] != other[name]} == {"metrics.json"}


def test_the_chosen_settings_train_on_all_images(root):
    trials = files.read_table(root / "tuned/tuned/0/tuning.csv")
    assert trials["held_out"].tolist() == [8] * 4
    best = trials.loc[trials["accuracy"].idxmax()]
    assert trials.loc[trials["chosen"], "trial"].tolist() == [best["trial"]]
    values = {key: float(best[key]) for key in TUNED["tune"]}
    assert values["learning_rate"] == 0.01
    _train(root, ["by_hand"], folder="tuned", recipes={"by_hand": {**RECIPE, "source": "uot", **values}})
    one, other = (root / f"tuned/{name}/0" for name in ("tuned", "by_hand"))
    assert (one / "model.safetensors").read_bytes() == (other / "model.safetensors").read_bytes()
    metrics = files.read_json(one / "metrics.json")
    assert (metrics["n_train"], metrics["trials"]) == (40, 4)
    assert metrics["source_weight"] == values["source_weight"]
    assert not (other / "tuning.csv").exists()


def test_trials_are_gathered(root, tmp_path):
    metrics = [str(root / f"tuned/{name}/0/metrics.json") for name in ("tuned", "by_hand")]
    runs.main(["--metrics", *metrics, "--out", str(tmp_path)])
    assert files.read_table(tmp_path / "runs.csv").set_index("method")["trials"].dropna().to_dict() == {
        "tuned": 4
    }
    trials = files.read_table(tmp_path / "tuning.csv")
    assert list(trials)[:6] == ["target", "architecture", "method", "seed", "trial", "fold"]
    assert trials["trial"].tolist() == [0, 1, 2, 3]


def test_pretraining_is_the_same_to_the_byte(root):
    again = _pretrain(root, out="again/vit/0")
    assert _bytes(again) == _bytes(root / "pretrain/vit/0")
    assert {"accuracy", "n_test"} <= files.read_json(again / "metrics.json").keys()
    assert models.load(again).architecture.mean == tuple(
        files.read_json(root / "data/glyphs/data.json")["mean"]
    )


def test_a_checkpoint_is_imported_in_place_of_training(root):
    state = models.load(root / "pretrain/vit/0").backbone.state_dict()
    torch.save(state, root / "bare.pth")
    folder = _pretrain(root, out="imported/vit/0", checkpoint=f"file:{root / 'bare.pth'}")
    imported, original = models.load(folder), models.load(root / "pretrain/vit/0")
    images = torch.rand(3, 1, 8, 8)
    torch.testing.assert_close(imported.features(images), original.features(images))
    assert "accuracy" not in files.read_json(folder / "metrics.json")


@pytest.mark.parametrize("mode", [{"mode": "strong"}, {"mode": "paper", **RECIPE, "steps": 100}])
def test_a_probe_is_a_model_like_any_other(root, image_sets, mode):
    folder = _probe(root, {"start": "frozen", "seed": 0, **mode}, method=f"probe_{mode['mode']}")
    model, pretrained = models.load(folder), models.load(root / "pretrain/vit/0")
    test = image_sets["bars"].split("test")
    assert model.classes == test.classes
    assert all(
        torch.equal(a, b)
        for a, b in zip(model.backbone.parameters(), pretrained.backbone.parameters(), strict=True)
    )
    metrics = files.read_json(folder / "metrics.json")
    assert metrics["accuracy"] == pytest.approx(evaluate(model, test)["accuracy"])
    assert metrics["accuracy"] > 0.4  # chance is 0.25


def test_runs_are_gathered_in_order(root, tmp_path):
    metrics = [str(root / f"train/bars/vit/{method}/0/metrics.json") for method in ("scratch", "finetune")]
    metrics.append(str(_probe(root, {"mode": "strong"}) / "metrics.json"))
    files.write_json(
        tmp_path / "trained.json", {"source": "glyphs", "architecture": "vit", "seed": 1, "accuracy": 0.75}
    )
    files.write_json(tmp_path / "imported.json", {"source": "glyphs", "architecture": "vit", "seed": 0})
    pretrained = [str(tmp_path / name) for name in ("trained.json", "imported.json")]
    runs.main(["--metrics", *metrics, "--pretrained", *pretrained, "--out", str(tmp_path)])
    before = files.read_table(tmp_path / "pretraining.csv")
    assert before[["seed", "accuracy"]].fillna(-1).values.tolist() == [[0, -1], [1, 0.75]]
    table = files.read_table(tmp_path / "runs.csv")
    assert table["method"].tolist() == ["finetune", "probe", "scratch"]
    assert table["steps"].tolist() == [20, 0, 30]
    assert "seconds" not in table
    assert table["n_train"].tolist() == [40, 40, 40]
    assert table["source"].isna().all()
    sizes = files.read_table(tmp_path / "target_sizes.csv")
    accuracy = table.set_index("method")["accuracy"]
    assert sizes["gain"].tolist() == pytest.approx(
        [accuracy[name] - accuracy["finetune"] for name in ("probe", "scratch")]
    )
    history = files.read_table(tmp_path / "history.csv")
    assert history.groupby("method").size().to_dict() == {"finetune": 20, "scratch": 30}
    own = files.read_table(root / "train/bars/vit/scratch/0/history.csv")
    np.testing.assert_array_equal(history[history["method"] == "scratch"]["loss"], own["loss"])


def test_variants_stand_under_the_name_of_their_target(tmp_path):
    rows = [
        ("few", 10, "finetune", 0.5),
        ("few", 10, "joint", 0.7),
        ("all", 90, "finetune", 0.8),
        ("all", 90, "joint", 0.9),
    ]
    for target, size, method, accuracy in rows:
        about = {"target": target, "architecture": "vit", "method": method, "seed": 3}
        files.write_json(
            tmp_path / target / method / "metrics.json", {**about, "accuracy": accuracy, "n_train": size}
        )
    metrics = map(str, sorted(tmp_path.glob("*/*/metrics.json")))
    config = json.dumps({"variants": {"few": "all"}})
    runs.main(["--config", config, "--metrics", *metrics, "--out", str(tmp_path)])
    sizes = files.read_table(tmp_path / "target_sizes.csv").set_index("variant")
    assert sizes["target"].to_dict() == {"all": "all", "few": "all"}
    assert sizes["train_size"].to_dict() == {"all": 90, "few": 10}
    assert sizes["gain"].to_dict() == pytest.approx({"all": 0.1, "few": 0.2})


@pytest.mark.parametrize(
    ("methods", "recipes", "message"),
    [
        (["finetune"], {"other": RECIPE}, "no recipe for method 'finetune'; recipes are other"),
        (["finetune"], {"finetune": {"step": 3}}, "train.finetune: unknown key 'step'"),
        (["finetune"], {"finetune": {**RECIPE, "source": "vote"}}, "rule 'vote' selects no class"),
        (["j"], {"j": CLUSTERED}, "train.j: source 'uot' needs --cluster-selection"),
        (
            ["j"],
            {"j": {**RECIPE, "source": "uot", "source_classes": 4}},
            "source_classes: 4 of 3 source classes",
        ),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(root, capsys, methods, recipes, message):
    with pytest.raises(SystemExit) as stop:
        _train(root, methods, folder="bad", recipes=recipes)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert not (root / "bad").exists()
