"""The glyph classes: complete, distinct, without digits; the drawings seeded and varied."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from whypretrain.data import build
from whypretrain.data.kinds.glyphs import Options, find_glyphs
from whypretrain.data.kinds.scripts import SCRIPTS
from whypretrain.errors import InputError

SMALL = {"kind": "glyphs", "scripts": ["latin", "arrows"], "fonts": ["DejaVu Sans"], "most_per_script": 6}


def small(seed=0, name="small", channels=1, size=16, **more):
    spec = {**SMALL, "train_per_class": 8, "test_per_class": 3, **more}
    return build(name, spec, size=size, channels=channels, seed=seed)


def names(**options) -> str:
    return "".join(glyph.character for glyph in find_glyphs(Options(kind="glyphs", **options), seed=0))


def test_no_decimal_digit_in_any_script():
    assert not [c for text in SCRIPTS.values() for c in text if unicodedata.category(c).startswith("N")]


@pytest.mark.parametrize("script", ["latin", "greek", "cyrillic", "armenian", "georgian", "hebrew"])
def test_alphabets_hold_letters_of_that_script_once(script):
    assert len(set(SCRIPTS[script])) == len(SCRIPTS[script])
    assert all(unicodedata.name(c).startswith(script.upper()) for c in SCRIPTS[script])


def test_look_alikes_stay_with_the_first_script(monkeypatch):
    monkeypatch.setitem(SCRIPTS, "twins", "ΑВОЖ")  # Greek Alpha, Cyrillic Ve and O: Latin look-alikes; Zhe is new
    found = names(scripts=("latin", "twins"))
    assert found[-1] == "Ж"
    assert {"A", "B", "O"} <= set(found)
    assert not {"Α", "В", "О"} & set(found)
    assert names(scripts=("twins",)) == "ΑВОЖ"


def test_every_class_has_a_face_that_draws_it():
    glyphs = find_glyphs(Options(kind="glyphs"), seed=0)
    assert all(glyph.faces for glyph in glyphs)
    assert any(face.startswith("cm") for glyph in glyphs if glyph.script == "latin" for face in glyph.faces)
    assert {glyph.script for glyph in glyphs} == set(Options(kind="glyphs").scripts)


def test_counts_concepts_and_origins():
    made = small()
    assert made.images.shape == (12 * 11, 1, 16, 16)
    assert made.concepts == ["latin"] * 6 + ["arrows"] * 6
    assert np.bincount(made.split("train").labels).tolist() == [8] * 12
    assert np.bincount(made.split("test").labels).tolist() == [3] * 12
    first = made.manifest.iloc[0]
    assert first["origin"].startswith("DejaVuSans")
    assert first["origin"].endswith(f"U+{ord(first['class_name']):04X}")


def test_few_shot_of_the_drawings():
    made = small(train_size=14, test_size=12)
    assert sorted(np.bincount(made.split("train").labels)) == [1] * 10 + [2] * 2
    assert len(made.split("test")) == 12


def test_seed_and_name_decide_the_pixels():
    assert np.array_equal(small().images, small().images)
    assert not np.array_equal(small().images, small(seed=1).images)
    assert not np.array_equal(small().images, small(name="other").images)


def test_drawings_differ_within_a_class_and_show_full_contrast():
    made = small(noise=0)
    assert len(np.unique(made.images.reshape(len(made), -1), axis=0)) == len(made)
    assert np.all(made.images.max(axis=(1, 2, 3)) == 255)
    assert 0.1 < made.images.mean() / 255 < 0.5


def test_without_distortion_each_face_draws_one_picture():
    still = dict.fromkeys(["rotation", "scale", "shear", "shift", "stroke", "noise", "blur"], 0)
    made = small(**still)
    origins = made.manifest["origin"]
    pictures = {(origin, image.tobytes()) for origin, image in zip(origins, made.images, strict=True)}
    assert len(pictures) == origins.nunique() < len(made)


@pytest.mark.parametrize(("size", "channels"), [(16, 3), (28, 1), (96, 3)])
def test_sizes_and_channels(size, channels):
    made = small(size=size, channels=channels, train_per_class=1, test_per_class=1)
    assert made.images.shape == (24, channels, size, size)
    assert np.all(made.images == made.images[:, :1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scripts": ["klingon"]}, "data.small.scripts.0: .klingon. is not in the scripts; there are: "),
        ({"scripts": []}, "data.small.scripts must have at least 1 item"),
        ({"fonts": ["STIX"], "scripts": ["hebrew"]}, "no class is left of hebrew in the fonts STIX"),
        ({"rotation": 181}, "data.small.rotation must be at most 180, not 181"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(InputError, match=message):
        small(**options)
