"""What joint training draws from its source, by the library alone: no stage, no config."""

import numpy as np
import pandas as pd
import pytest

from whypretrain import models
from whypretrain.errors import InputError
from whypretrain.selection import rank_classes
from whypretrain.training import Recipe, joint_source, selected_classes, starting_model, train


def class_means(model, images):
    trained = images.split("train")
    features = models.extract(model, trained.images, 64)
    return models.class_means(features, trained.labels)[0]


def test_joint_fine_tuning_with_a_selection(vit, target, source):
    pretrained = models.build(vit, source.classes, seed=0)
    ranking = rank_classes(class_means(pretrained, source), class_means(pretrained, target), k=2)
    recipe = Recipe(steps=3, batch_size=8, source="uot")
    drawn = joint_source(source, target, recipe, classes=ranking.selected)
    assert (drawn.about["source_classes"], drawn.about["source_images"]) == (2, 12)
    model = starting_model(pretrained, target.classes, recipe, seed=0)
    found = train(model, target, recipe, seed=0, source=drawn.images, source_classes=drawn.classes)
    assert found.images_seen == 3 * 16
    assert found.history["source_loss"].notna().all()


def test_a_table_says_which_classes_are_chosen():
    rows = [("uot", 1, 3, True), ("uot", 2, 1, True), ("uot", 3, 2, False), ("random", 1, 0, False)]
    table = pd.DataFrame(rows, columns=["rule", "rank", "class_index", "selected"])
    assert selected_classes(table, Recipe(source="uot")) == [1, 3]
    assert selected_classes(table, Recipe(source="uot", source_classes=3)) == [1, 2, 3]
    with pytest.raises(InputError, match=r"source_classes: 4 of 3"):
        selected_classes(table, Recipe(source="uot", source_classes=4))
    with pytest.raises(InputError, match=r"rule 'random' selects no class; rules of the table: random, uot"):
        selected_classes(table, Recipe(source="random"))


def test_clusters_stand_in_for_classes_and_those_of_none_are_left_out(target, source):
    clusters = np.where(source.manifest["split"] == "train", source.labels % 2, -1)
    recipe = Recipe(source="uot", source_loss="consistency")
    drawn = joint_source(source, target, recipe, classes=[1], clusters=clusters)
    assert set(drawn.images.manifest["class_name"]) == {"cluster 0", "cluster 1"}
    assert len(drawn.images) == (source.manifest["split"] == "train").sum()
    assert drawn.about["source_images"] == 18
