"""Sizes that are stated before a data set is made, compared with the sets as they are made."""

import pytest

from whypretrain.data import CATALOGUE, build
from whypretrain.data.published.miniature import write_miniatures
from whypretrain.data.sizes import expected_size

SPECS = [
    {"kind": "digits"},
    {"kind": "digits", "test_fraction": 0.3, "train_size": 200, "test_size": 50},
    {"kind": "digits", "fraction": 0.5},
    {"kind": "glyphs", "scripts": ["latin", "greek"], "fonts": ["DejaVu Sans"], "most_per_script": 5},
    {"kind": "glyphs", "scripts": ["georgian"], "fonts": ["DejaVu Serif"], "train_per_class": 3, "train_size": 60},
]


def made(spec):
    found = build("mine", spec, size=8, channels=1, seed=0, decode=False)
    return len(found.split("train")), len(found.split("test")), len(found.classes)


@pytest.mark.parametrize("spec", SPECS)
def test_generated_sets(spec):
    expected = expected_size(spec)
    assert expected[1:] == made(spec)[1:]
    assert expected.train == pytest.approx(made(spec)[0], abs=5)  # shares are rounded class by class


def test_sets_that_are_there_are_counted_and_others_told_as_published(tmp_path):
    write_miniatures(tmp_path)
    for kind in ("cub200", "eurosat"):
        here = {"kind": kind, "root": str(tmp_path / kind)}
        assert expected_size(here) == made(here)
        entry = CATALOGUE[kind]
        away = {"kind": kind, "root": str(tmp_path / "nowhere")}
        assert expected_size(away) == (entry.train, entry.test, entry.classes)
        assert expected_size({**away, "fraction": 0.75, "test_size": 100})[:2] == (int(entry.train * 0.75), 100)
