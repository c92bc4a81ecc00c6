"""Damaged checkpoints: read or refused in one line, never a traceback, a hang, or weights that changed unnoticed."""

import argparse
import os
import random
import time

import numpy as np
import pytest
import safetensors.torch
import torch
from timm_weights import published

from whypretrain.errors import InputError
from whypretrain.models import import_checkpoint

EACH, BLOCKS = 200, 10  # of 2,000 files a tenth in every run, all by `make test-long`
SLOWEST = 8.0  # seconds of computing for one file
LONG = [pytest.mark.long, pytest.mark.skipif(os.environ.get("WHYPRETRAIN_LONG") != "1", reason="`make test-long`")]


@pytest.fixture
def sound(vit, tmp_path):
    """The bytes of one small file of each format, and the weights that they hold."""
    model = published(vit, 3)
    folder, state = tmp_path / "sound", model.state_dict()
    folder.mkdir()
    saved = {"state_dict": state, "args": argparse.Namespace(lr=0.1), "best": np.float64(3), "epoch": 3}
    torch.save(saved, folder / "zip.pth")
    torch.save(saved, folder / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(model, folder / "whole.pth")
    safetensors.torch.save_file(state, folder / "plain.safetensors")
    np.savez(folder / "flax.npz", **{"embedding/kernel": np.ones((4, 4, 1, 12), np.float32), "cls": np.ones(12)})
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}, state


def damaged(content, draw):
    """Bytes replaced, cut off, left out, doubled, zeroed or moved, some at the start, where a format's names are."""
    found, size = bytearray(content), len(content)
    for _ in range(draw.choice([1, 1, 2, 5, 20])):
        start = draw.randrange(draw.choice([64, 2000, size, size]) + 1) % max(1, len(found))
        end = min(len(found), start + draw.choice([1, 4, 100, 3000]))
        match draw.randrange(6):
            case 0:
                found[start : start + 1] = draw.randbytes(1)
            case 1:
                del found[start : draw.choice([end, len(found)])]
            case 2:
                found[start:start] = found[start:end]
            case 3:
                found[start:end] = bytes(end - start)
            case 4:
                found[start:end] = draw.randbytes(end - start)
            case 5:
                found[start:end] = found[start:end][::-1]
    return bytes(found)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("block", [0, *(pytest.param(block, marks=LONG) for block in range(1, BLOCKS))])
def test_damaged_files_are_read_or_refused_in_one_line(vit, sound, tmp_path, block):
    files, state = sound
    read = refused = 0
    for number in range(block * EACH, (block + 1) * EACH):
        draw = random.Random(number)
        name = draw.choice(list(files))
        path = tmp_path / name
        path.write_bytes(content := damaged(files[name], draw))
        start = time.process_time()
        try:
            model, _ = import_checkpoint(vit, f"file:{path}", ["a", "b", "c"])
        except InputError as error:
            told = str(error)
        else:
            told = ""
        if told:
            refused += 1
            assert name in told
            assert "\n" not in told
        else:
            read += 1
            if name in ("zip.pth", "whole.pth"):  # other formats have no checksum
                found = model.backbone.state_dict()
                assert all(torch.equal(found[key].cpu(), state[key]) for key in found), f"{number}: {name} changed"
        assert time.process_time() - start < SLOWEST, f"{number}: {name}, {len(content)} bytes"
    assert refused > EACH / 2
    assert read > 0
