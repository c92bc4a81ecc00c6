"""A planted effect: two patches that decide the class together must be found, and called kept or discarded rightly.

Bright patches lie in any of the four cells in the middle of the image; the class is whether the two of one diagonal
are bright, both of them. With label smoothing the best log-odds are those of an AND. Fine-tuning keeps this rule, or
has that of the other diagonal in its place.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whypretrain import models
from whypretrain.config.recipe import Recipe
from whypretrain.data import ImageSet
from whypretrain.interactions import grid_players, moebius, salient, score_coalitions
from whypretrain.interactions.knowledge import shared_effect
from whypretrain.training.controls import probed
from whypretrain.training.trainer import evaluate, train

CELLS = [(4, 4), (4, 8), (8, 4), (8, 8)]  # upper left corners; the diagonals are cells 0 and 3, and 1 and 2
PLANTED, OTHER = (0, 3), (1, 2)
VIT = {"patch_size": 4, "embed_dim": 32, "depth": 2, "num_heads": 2, "class_token": False, "global_pool": "avg"}
RECIPE = Recipe(steps=250, batch_size=64, learning_rate=3e-3, weight_decay=0.01, warmup=0.2, label_smoothing=0.1)


def planted(rule: tuple[int, int], number: int, seed: int) -> ImageSet:
    """Images of which half are of the class; all other bright patches are drawn at random."""
    random = np.random.default_rng(seed)
    bright = random.random((number, 4)) < 0.5
    label = np.arange(number) % 2
    bright[np.ix_(label == 1, rule)] = True
    both = (label == 0) & bright[:, rule].all(1)
    bright[both, random.choice(rule, both.sum())] = False
    images = random.integers(60, 120, (number, 1, 16, 16))
    for cell, (y, x) in enumerate(CELLS):
        images[bright[:, cell], :, y : y + 4, x : x + 4] += 120
    names = np.array(["not both", "both"])[label]
    manifest = pd.DataFrame({"id": map(str, range(number)), "split": np.repeat(["train", "test"], number // 2)})
    manifest = manifest.assign(label=label, class_name=names, concept="x", origin="x")
    return ImageSet(images.astype(np.uint8), manifest)


@pytest.fixture(scope="module")
def pretrained() -> models.Classifier:
    source = planted(PLANTED, 2000, seed=0)
    architecture = models.Architecture.from_dict(
        {"name": "vit_tiny_patch16_224", "options": VIT, "size": 16, "channels": 1}
    )
    model = models.build(architecture, source.classes, seed=0)
    train(model, source, RECIPE, seed=0)
    assert evaluate(model, source, split="test")["accuracy"] > 0.99
    return model


def effects(model: models.Classifier, target: ImageSet) -> np.ndarray:
    """Normalised salient effects of the four cells in test images of the class, (images, 16)."""
    rows = [row for row in target.rows("test") if target.labels[row] == 1][:60]
    images = models.as_input(target.images[rows])
    players = grid_players(4, 4, 16, margin=1)
    scores = score_coalitions({"m": model}, images, target.labels[rows], players, baseline=90 / 255)[0]
    return salient(moebius(scores), threshold=0.05)


def mask(players_cells: tuple[int, int]) -> int:
    """The coalition of two cells."""
    owner = grid_players(4, 4, 16, margin=1).owner
    return sum(1 << int(owner[CELLS[cell]]) for cell in players_cells)


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "kept"), [(PLANTED, True), (OTHER, False)], ids=["kept", "removed"])
def test_the_planted_effect_is_found_and_its_fate_is_told(
    pretrained: models.Classifier, rule: tuple[int, int], kept: bool
) -> None:
    target = planted(rule, 600, seed=1)
    tuned = models.build(pretrained.architecture, target.classes, seed=1)
    tuned.backbone.load_state_dict(pretrained.backbone.state_dict())
    train(tuned, target, RECIPE, seed=1)
    assert evaluate(tuned, target, split="test")["accuracy"] > 0.97
    images = planted(PLANTED, 600, seed=3)
    a, b = (effects(model, images) for model in (probed(pretrained, planted(PLANTED, 600, seed=2), seed=0), tuned))
    assert np.mean(np.abs(a).argmax(1) == mask(PLANTED)) >= 0.9  # what was planted is there, and is the strongest
    preserved, effect = shared_effect(a, b), mask(PLANTED)
    strongest = np.mean(np.abs(preserved).argmax(1) == effect)
    lost = np.mean(np.abs((a - preserved)[:, effect]) > np.abs(preserved[:, effect]))
    assert (strongest >= 0.9, lost <= 0.1) == (kept, kept)
