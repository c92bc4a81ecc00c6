"""What differs between a trained model and the pre-trained one, as tables."""

import numpy as np
import pytest

from whypretrain import models
from whypretrain.models.weight_changes import weight_changes
from whypretrain.runtime import files
from whypretrain.stages import diff
from whypretrain.training.trainer import evaluate


@pytest.fixture(scope="module")
def tables(root):
    """weights.csv and images.csv of a fine-tuned model next to another fine-tuned one in the place of a probe."""

    def made(start, model, out):
        arguments = ["--target", "data/bars", "--pretrained", "pretrain/vit/0", "--start", start, "--model", model]
        arguments = [root / each if "/" in each else each for each in arguments]
        diff.main([*map(str, arguments), "--method", "mine", "--seed", "0", "--out", str(root / out)])
        return [files.read_table(root / out / f"{name}.csv") for name in ("weights", "images")]

    return made


def test_weights_are_compared_with_the_pretrained_model_block_by_block(root, tables):
    weights, _ = tables("train/bars/vit/scratch/0", "train/bars/vit/finetune/0", "one")
    before, after = models.load(root / "pretrain/vit/0"), models.load(root / "train/bars/vit/finetune/0")
    wanted = weight_changes(before, after)
    assert list(weights["block"]) == list(wanted["block"])
    np.testing.assert_allclose(weights["relative_change"], wanted["relative_change"])
    numbered = weights.dropna(subset="layer")
    assert list(numbered["block"]) == after.block_names
    assert list(numbered["layer"]) == list(range(1, len(after.block_names) + 1))


def test_predictions_are_compared_on_every_test_image(root, tables, target):
    _, images = tables("train/bars/vit/scratch/0", "train/bars/vit/finetune/0", "two")
    test = target.split("test")
    assert list(images["sample"]) == list(test.manifest["id"])
    for when, method in (("before", "scratch"), ("after", "finetune")):
        model = models.load(root / f"train/bars/vit/{method}/0")
        right = (images[f"class_{when}"] == images["class_name"]).mean()
        assert right == pytest.approx(evaluate(model, test)["accuracy"])
    assert images["divergence"].between(0, 1).all()
    assert (images[["target", "architecture", "model"]].drop_duplicates().to_numpy() == ["bars", "vit", "mine"]).all()


def test_a_model_and_itself_agree(root, tables):
    _, images = tables("train/bars/vit/finetune/0", "train/bars/vit/finetune/0", "three")
    np.testing.assert_allclose(images["divergence"], 0, atol=1e-9)
    assert images["chance"].mean() > 0.1
