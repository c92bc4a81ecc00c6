"""Figures of the selection study, on made-up class means."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic import shown
from synthetic_joint import study_tables

from whypretrain.figures import Settings, drawing


def test_masses_are_relative_to_their_mean():
    table = shown("study_masses", study_tables())
    means = table.groupby(["pretraining", "target"])["relative"].mean()
    np.testing.assert_allclose(means, 1)


def test_overlaps_are_written_both_ways():
    given = study_tables(targets=("DTD",))
    figure, table = drawing.draw("study_overlap", given, Settings())
    image = next(axis for axis in figure.axes if axis.collections).collections[0].get_array().reshape(3, 3)
    np.testing.assert_array_equal(image, np.asarray(image).T)
    assert np.diag(image).tolist() == [5, 5, 5]
    assert image[0, 1] == table.query("pretraining == 'one' and other_rule == 'nearest'")["shared"].item()


@pytest.mark.parametrize("concepts", [tuple("abcdefghijk"), ("bird", "dog")])
def test_concepts_of_any_number(concepts):
    table = shown("study_concepts", study_tables(concepts=concepts))
    assert table.groupby(["pretraining", "target", "rule"])["chosen"].sum().eq(5).all()


def test_without_cub_birds_say_so():
    figure, table = drawing.draw("study_birds", study_tables(targets=("DTD",)), Settings())
    assert table.empty
    assert any("no class means of CUB" in text.get_text() for axis in figure.axes for text in axis.texts)
