"""The stage's command line."""

from __future__ import annotations

import json

import pytest

from whypretrain.data import load
from whypretrain.stages import data

CONFIG = {"spec": {"kind": "digits", "train_size": 20}, "image": {"size": 16, "channels": 1}, "seed": 0}


def run(config, out):
    data.main(["--config", json.dumps(config), "--name", "digits", "--out", str(out)])


def test_writes_three_files_the_same_each_time(tmp_path):
    for folder in ("one", "two"):
        run(CONFIG, tmp_path / folder)
    written = sorted(path.name for path in (tmp_path / "one").glob("*.*") if path.is_file())
    assert written == ["data.json", "images.npy", "manifest.parquet"]
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in written)
    assert len(load(tmp_path / "one").split("train")) == 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spec": {"kind": "nothing"}}, "error: --config.spec.kind: 'nothing' is no kind of data set"),
        ({"spec": {"kind": "digits", "train_size": 3}}, "error: data.digits.train_size: size 3"),
        ({"image": {"size": 16}}, "error: --config.image: 'channels' is missing; add it"),
    ],
)
def test_bad_input_ends_in_one_line_and_writes_nothing(tmp_path, capsys, change, message):
    with pytest.raises(SystemExit) as caught:
        run({**CONFIG, **change}, tmp_path / "out")
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith(message)
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()
