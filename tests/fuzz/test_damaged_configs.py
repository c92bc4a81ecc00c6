"""Damaged config files: each is taken as Snakemake reads it, or refused in one line, in bounded time."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from damage import damaged
from snakemake.common.configfile import load_configfile
from test_checks import merged

from whypretrain.config import check, files
from whypretrain.errors import InputError

ROOT = Path(__file__).parents[2]
SHIPPED = [ROOT / f"config/{name}.yaml" for name in ("default", "smoke", "interactions", "invariances", "uot")]
DEFAULT = files.read(SHIPPED[0])
OWN = """\
experiment: mine
image: {size: 64, channels: 3}
datasets:
  photos:
    kind: imagefolder
    root: path/to/photos
    on_broken: skip
    background: "#ffffff"
    white: 4095
    concepts: {cat: animal, dog: animal}
models:
  mine: {architecture: {name: resnet18, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}}
grid: {targets: [photos], architectures: [mine], methods: [probe, finetune, scratch]}
"""
VALUES = ["no", "null", "~", "1e-3", "010", "12:30", "[", "{}", "[]", "-1", ".nan", "1_0", "'", "!!int x", "&a 1", "*a"]
VALUES += ["é", "\t", "2024-01-01", "1" * 400, "{a: {a: {a: 1}}}", "<<", "!!python/name:os.system", '"\\x00"', "%", "@"]


def edited(text, draw):
    """The text after an edit that people make: a line lost, doubled, moved, indented otherwise, or another value."""
    lines = text.splitlines()
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(lines))
        edit = draw.randrange(6)
        if edit == 0:
            lines.pop(at)
        elif edit == 1:
            lines.insert(draw.randrange(len(lines)), lines[at])
        elif edit == 2:
            lines[at] = " " * draw.randint(0, 3) + lines[at]
        elif edit == 3:
            lines[at] = lines[at].lstrip()
        else:
            key, colon, _ = lines[at].partition(":")
            lines[at] = f"{key}{colon} {draw.choice(VALUES)}"
        if not lines:
            lines = ["seed: 1"]
    return "\n".join(lines)


def refused(path):
    """What the check of a config says against it; None if it is taken."""
    try:
        check(merged(DEFAULT, files.read(path)), places=False)
    except InputError as error:
        return str(error)
    return None


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [200, pytest.param(2_000, marks=pytest.mark.long)])
def test_every_damaged_config_is_taken_as_it_is_read_or_refused_in_one_line(tmp_path, number):
    texts = [*(path.read_text() for path in SHIPPED), OWN, OWN]
    others, path, taken = [text.encode() for text in texts], tmp_path / "mine.yaml", 0
    for each in range(number):
        draw, text = random.Random(each), texts[each % len(texts)]
        path.write_bytes(damaged(text.encode(), others, each) if each % 3 == 0 else edited(text, draw).encode())
        refusal = refused(path)
        if refusal is None:
            assert files.read(path) == load_configfile(path)
            taken += 1
        else:
            assert refusal
            assert "\n" not in refusal
    assert 0.02 < taken / number < 0.8, "damage that is refused, and damage that is not"
