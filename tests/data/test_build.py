"""The registry, and options as users may mistype them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from whypretrain.data import build
from whypretrain.data.kinds import kind_of
from whypretrain.errors import InputError


def digits(size=8, channels=1, **spec):
    return build("mine", {"kind": "digits", **spec}, size=size, channels=channels, seed=0)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"kind": "mnist"}, "data.mine.kind: 'mnist' is no kind of data set; "),
        ({"kind": "digit"}, "did you mean 'digits'?"),
        ({"kind": ["digits"]}, "data.mine must be a mapping with the key kind"),
        ({"colour": 1}, "unknown key 'colour' in data.mine; there are: fraction, imbalance, kind, test_fraction"),
        ({"train_size": "many"}, "data.mine.train_size must be a whole number, not 'many'"),
        ({"train_size": True}, "data.mine.train_size must be a whole number, not True"),
        ({"train_size": 0}, "data.mine.train_size must be at least 1, not 0"),
        ({"train_size": 5000}, r"data.mine.train_size: size 5000 is not possible; use 10 \(one a class\) to 899"),
        ({"kind": "glyphs", "scripts": "latin"}, "data.mine.scripts must be a list, not 'latin'"),
        ({"kind": "glyphs", "fonts": [1]}, "data.mine.fonts.0 must be text, not 1"),
    ],
)
def test_bad_specs(spec, message):
    with pytest.raises(InputError, match=message):
        digits(**spec)


@pytest.mark.parametrize(("size", "channels"), [(0, 1), (8, 2)])
def test_bad_image_shapes(size, channels):
    with pytest.raises(InputError, match="image: size"):
        digits(size=size, channels=channels)


def test_about_says_what_it_is():
    made = digits()
    assert made.about["name"] == "mine"
    assert made.about["kind"] == "digits"
    assert made.about["licence"] == kind_of({"kind": "digits"}, "mine").licence


def variant(**spec):
    return build("few", {"kind": "digits", "variant_of": "mine", **spec}, size=8, channels=1, seed=0)


def origins(images, split):
    return set(images.split(split).manifest["origin"])


def test_variants_share_the_test_images_and_nest_their_training_images():
    whole = digits()
    for small in (variant(fraction=0.3), variant(imbalance=10), variant(imbalance=10, fraction=0.5)):
        assert origins(small, "test") == origins(whole, "test")
        assert origins(small, "train") < origins(whole, "train")
    assert origins(variant(fraction=0.1), "train") < origins(variant(fraction=0.3), "train")
    assert origins(build("few", {"kind": "digits"}, size=8, channels=1, seed=0), "test") != origins(whole, "test")


def test_size_then_imbalance_then_fraction():
    sizes = variant(train_size=200, imbalance=10, fraction=0.5).split("train").manifest["label"].value_counts()
    tail = variant(train_size=200, imbalance=10).split("train").manifest["label"].value_counts()
    assert (tail.max(), tail.min()) == (20, 2)
    assert (sizes.max(), sizes.min()) == (10, 1)


def test_importing_data_leaves_torch_alone():
    code = "import sys, whypretrain.data; sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
