"""Figures of imported models: what they show is what the tables say."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.text import Text
from scipy.stats import spearmanr
from synthetic import one, shown

from whypretrain.figures import Settings, drawing

CELL = {"architecture": "vit", "target": "digits", "model": "finetune"}


def rows(table, **values):
    for column, value in values.items():
        table = table[table[column] == value]
    return table


def change_and_forgetting(given, seed):
    changed = rows(given["changed_weights"], **CELL, seed=seed).dropna(subset="layer")
    forgotten = rows(given["layers"], **CELL, seed=seed, estimator="biased")
    assert list(changed["layer"]) == list(forgotten["layer"])
    return changed["relative_change"], forgotten["forgetting"].to_numpy()


def test_correlations_are_means_over_seeds(given):
    wanted = [spearmanr(*change_and_forgetting(given, seed)).statistic for seed in (0, 1, 2)]
    found = one(shown("weight_change", given), **CELL, measure="relative change")
    assert found["estimate"] == pytest.approx(np.mean(wanted))
    assert found["low"] < found["estimate"] < found["high"]
    assert found["blocks"] == 4


def test_of_one_seed_the_interval_is_over_blocks_and_said_to_be_too_narrow(synthetic, tmp_path):
    made = synthetic(architectures=("vit",), targets=("digits",), seeds=(0,))
    given = {"layers": made.layers(depth=8), "changed_weights": made.changed_weights(depth=8)}
    figure, table = drawing.draw("weight_change", given, Settings())
    found = one(table, measure="1 - cosine")
    assert -1 < found["low"] < found["estimate"] < found["high"] < 1
    note = " ".join(text.get_text().replace("\n", " ") for text in figure.findobj(Text))
    assert "intervals over blocks as if these were independent, which they are not" in note


def test_images_come_by_divergence_with_both_predictions(given):
    table = rows(shown("disagreement", given), **CELL)
    assert list(table["sample"]) == ["000003", "000002", "000001", "000000"]
    assert list(table["rank"]) == [1, 2, 3, 4]
    figure, _ = drawing.draw("disagreement", given, Settings())
    texts = [text.get_text() for text in figure.findobj(Text)]
    assert "a 0.60\na 0.80" in texts  # of the image on which they disagree most
    assert any("fine-tuned: 12 of 16 images, 12.0 by chance" in text.replace("\n", " ") for text in texts)


def test_without_pictures_the_curve_alone_is_drawn(given):
    without = {name: table for name, table in given.items() if name != "target_data"}
    figure, table = drawing.draw("disagreement", without, Settings())
    assert not any(axis.images for axis in figure.axes)
    assert len(table) == 16
