"""Sizes of the targets against what the analyses take."""

from __future__ import annotations

import json

import pytest

from whypretrain.provenance import card_of
from whypretrain.runtime.files import read_json, write_json
from whypretrain.stages import sizes

NEEDS = {"interactions.score.samples": 16, "invariances.images": 48}


def run(folder, **tests):
    paths = []
    for name, counts in tests.items():
        paths.append(folder / name / "data.json")
        write_json(paths[-1], {"counts": {"train": [9, 9], "test": counts}})
    sizes.main(
        ["--config", json.dumps({"needs": NEEDS}), "--out", str(folder / "sizes.json"), "--described", *map(str, paths)]
    )


def test_enough(tmp_path):
    run(tmp_path, photos=[20, 28], digits=[100, 1])
    assert read_json(tmp_path / "sizes.json") == {"photos": 48, "digits": 101}
    record = read_json(card_of(tmp_path / "sizes.json"))
    assert set(record["inputs"]) == {str(tmp_path / name / "data.json") for name in ("photos", "digits")}


def test_too_few_test_images_are_named_with_the_key(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        run(tmp_path, digits=[100, 1], photos=[20, 27])
    assert caught.value.code == 2
    assert capsys.readouterr().err == (
        "error: invariances.images is 48, but datasets.photos has 47 test images; "
        "lower invariances.images, or give photos more test images\n"
    )
    assert not (tmp_path / "sizes.json").exists()
