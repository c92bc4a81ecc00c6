"""Settings are chosen on held-out training images, and the test images have no part in it."""

import numpy as np
import pytest

from whypretrain.data import ImageSet
from whypretrain.errors import InputError
from whypretrain.training import Recipe
from whypretrain.training.tuning import tuned

GRID = {"learning_rate": [0.1, 0.2, 0.3], "source_weight": [0.5, 1]}


def closeness(recipe, images):
    """Best at learning rate 0.2 and weight 1."""
    return 1 - abs(recipe.learning_rate - 0.2) - abs(recipe.source_weight - 1)


def test_the_best_combination_is_chosen_and_all_are_told(target):
    chosen, table = tuned(Recipe(steps=7, tune=GRID), target, closeness, seed=0)
    assert chosen == Recipe(steps=7, learning_rate=0.2, source_weight=1.0)
    assert table[["learning_rate", "source_weight"]].to_numpy().tolist() == [
        [rate, weight] for rate in GRID["learning_rate"] for weight in GRID["source_weight"]
    ]
    assert table.loc[table["chosen"], "trial"].tolist() == [3]
    assert table["accuracy"].tolist() == pytest.approx([0.4, 0.9, 0.5, 1.0, 0.4, 0.9])


def test_the_first_of_equals_is_chosen(target):
    assert tuned(Recipe(tune=GRID), target, lambda *_: 0.5, seed=0)[1]["chosen"].tolist()[:2] == [True, False]


def test_without_values_there_is_no_trial(target):
    recipe = Recipe(steps=3)
    chosen, table = tuned(recipe, target, lambda *_: pytest.fail("trained"), seed=0)
    assert chosen is recipe
    assert table.empty


@pytest.mark.parametrize("number", [1, 3, 5])
def test_folds_are_stratified_apart_and_of_training_images_alone(target, number):
    seen: list[ImageSet] = []
    recipe = Recipe(tune={"steps": [1]}, tune_folds=number)
    tuned(recipe, target, lambda _, images: seen.append(images) or 0.5, seed=0)
    trained_on = set(target.split("train").manifest["id"])
    assert all(set(images.manifest["id"]) == trained_on for images in seen)
    held_out = [images.split("test") for images in seen]
    assert len(set().union(*(part.manifest["id"] for part in held_out))) == 8 * number  # none twice
    assert [np.bincount(part.labels).tolist() for part in held_out] == [[2] * 4] * number


def test_the_only_image_of_a_class_is_never_held_out(target):
    rows = [*np.flatnonzero(target.labels[:40] != 2), 2]
    parts: list[ImageSet] = []
    recipe = Recipe(tune={"steps": [1]}, tune_folds=5)
    tuned(recipe, target.take(np.array(rows)), lambda _, images: parts.append(images) or 0.5, seed=0)
    assert all(2 in images.split("train").labels for images in parts)
    with pytest.raises(InputError, match="no class has a training image to hold out"):
        tuned(recipe, target.take(np.arange(4)), closeness, seed=0)


def test_held_out_images_count_alike(target):
    """A class of four images leaves the last fifth smaller: good luck there is not worth a whole fifth."""
    rows = [row for row in range(40) if target.labels[row] != 3 or row < 16]
    accuracies = iter([0.5, 0.5, 0.5, 0.5, 1.0, *[0.59] * 5])  # on average 0.6 and 0.59, but 20 and 20.06 images
    recipe = Recipe(tune={"steps": [1, 2]}, tune_folds=5)
    chosen, table = tuned(recipe, target.take(np.array(rows)), lambda *_: next(accuracies), seed=0)
    assert table["held_out"].tolist() == [7, 7, 7, 7, 6] * 2
    assert chosen.steps == 2


@pytest.mark.parametrize(
    ("tune", "culprit"),
    [
        ({"step": [1]}, r"unknown key 'step' in train\.x\.tune"),
        ({"steps": [1, 0]}, r"train\.x\.tune\.steps must be at least 1, not 0"),
        ({"steps": []}, r"train\.x\.tune\.steps: \[\] must be a list of values"),
        ({"steps": 3}, r"train\.x\.tune\.steps must be a list, not 3"),
        ({"source": ["uot", "vote"]}, r"train\.x\.tune\.source: decides what method it is"),
    ],
)
def test_values_that_cannot_be_tried_are_named_before_training(tune, culprit):
    with pytest.raises(InputError, match=culprit):
        Recipe.from_config({"tune": tune}, "train.x")
