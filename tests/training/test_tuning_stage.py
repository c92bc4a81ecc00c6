"""Settings chosen on folds of the training images, by the stages as they are called."""

import pytest
from trained import RECIPE, contents

from whypretrain import data
from whypretrain.runtime import files
from whypretrain.stages import runs

TUNED = {**RECIPE, "source": "uot", "tune": {"learning_rate": [1e-5, 0.01], "source_weight": [0.1, 1.0]}}

pytestmark = pytest.mark.usefixtures("stages_share_a_process")


@pytest.fixture(scope="module")
def tuned(root):
    """The folder of a model whose settings were chosen."""
    root.train({"tuned": TUNED}, "tuned")
    return root / "tuned/tuned/0"


def test_the_choice_of_settings_does_not_read_the_test_labels(root, target, tuned, tmp_path):
    """With other labels of the test images, the trials and the model are the same; its accuracy is not."""
    swapped = target.manifest.copy()
    swapped.loc[swapped["split"] == "test", ["label", "class_name"]] = swapped.loc[
        swapped["split"] == "test", ["label", "class_name"]
    ].to_numpy()[::-1]
    data.save(data.ImageSet(target.images, swapped), tmp_path / "bars")
    root.train({"tuned": TUNED}, "swapped", "--target", tmp_path / "bars")
    honest, other = contents(tuned), contents(root / "swapped/tuned/0")
    assert {name for name in honest if honest[name] != other[name]} == {"metrics.json"}


def test_the_chosen_settings_train_on_all_images(root, tuned):
    trials = files.read_table(tuned / "tuning.csv")
    assert trials["held_out"].tolist() == [8] * 4
    best = trials.loc[trials["accuracy"].idxmax()]
    assert trials.loc[trials["chosen"], "trial"].tolist() == [best["trial"]]
    values = {key: float(best[key]) for key in TUNED["tune"]}
    assert values["learning_rate"] == 0.01
    root.train({"by_hand": {**RECIPE, "source": "uot", **values}})
    other = root / "train/bars/vit/by_hand/0"
    assert (tuned / "model.safetensors").read_bytes() == (other / "model.safetensors").read_bytes()
    metrics = files.read_json(tuned / "metrics.json")
    assert (metrics["n_train"], metrics["trials"]) == (40, 4)
    assert metrics["source_weight"] == values["source_weight"]
    assert not (other / "tuning.csv").exists()


def test_trials_are_gathered(root, tuned, tmp_path):
    metrics = [str(folder / "metrics.json") for folder in (tuned, root / "train/bars/vit/joint_uot/0")]
    runs.main(["--metrics", *metrics, "--out", str(tmp_path)])
    assert files.read_table(tmp_path / "runs.csv").set_index("method")["trials"].dropna().to_dict() == {"tuned": 4}
    trials = files.read_table(tmp_path / "tuning.csv")
    assert list(trials)[:6] == ["target", "architecture", "method", "seed", "trial", "fold"]
    assert trials["trial"].tolist() == [0, 1, 2, 3]
