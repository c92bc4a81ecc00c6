"""Figures of the selection study, on made-up class means."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whypretrain.figures import Settings
from whypretrain.figures.study import FIGURES
from whypretrain.selection.rules import Settings as Rules
from whypretrain.selection.study import Grid, Pair, study


def tables(targets=("CUB", "DTD"), concepts=("bird", "device", "others")):
    draw = np.random.default_rng(0)
    pairs = [
        Pair(name, target, draw.random((30, 5)), draw.random((6, 5)), np.ones(30, dtype=int))
        for name in ("one", "other")
        for target in targets
    ]
    classes = pd.DataFrame(
        {"class_id": [f"n{i}" for i in range(30)], "class_name": [f"{i}" for i in range(30)]}
    )
    classes["concept"] = np.resize(concepts, 30)
    grid = Grid(classes=(2, 5), temperature=(0.1, 1.0), tau_source=(1.0,), tau_target=(1.0,))
    return study(pairs, classes, ["uot", "nearest", "random"], Rules(0.1, 1.0, 100.0, 5, 0), grid)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("columns", ["one", "two"])
def test_every_figure_tells_what_it_shows(name, columns):
    figure, shown = FIGURES[name](tables(), Settings(columns=columns))
    figure.draw_without_rendering()
    assert figure.get_size_inches()[0] == pytest.approx({"one": 3.4, "two": 7.0}[columns])
    assert set(shown["pretraining"]) == {"one", "other"}


def test_masses_are_relative_to_their_mean():
    shown = FIGURES["masses"](tables(), Settings())[1]
    means = shown.groupby(["pretraining", "target"])["relative"].mean()
    np.testing.assert_allclose(means, 1)


def test_overlaps_are_written_both_ways():
    given = tables(targets=("DTD",))
    figure, shown = FIGURES["overlap"](given, Settings())
    image = next(axis for axis in figure.axes if axis.images).images[0].get_array()
    np.testing.assert_array_equal(image, np.asarray(image).T)
    assert np.diag(image).tolist() == [5, 5, 5]
    assert image[0, 1] == shown.query("pretraining == 'one' and other_rule == 'nearest'")["shared"].item()


@pytest.mark.parametrize("concepts", [tuple("abcdefghijk"), ("bird", "dog")])
def test_concepts_of_any_number(concepts):
    shown = FIGURES["concepts"](tables(concepts=concepts), Settings())[1]
    assert shown.groupby(["pretraining", "target", "rule"])["chosen"].sum().eq(5).all()


def test_without_cub_birds_say_so():
    figure, shown = FIGURES["birds"](tables(targets=("DTD",)), Settings())
    assert shown.empty
    assert any("no class means of CUB" in text.get_text() for axis in figure.axes for text in axis.texts)
