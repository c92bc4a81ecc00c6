"""Damaged pictures of every format: each is read, or named; none stops the job otherwise or costs another its label."""

from __future__ import annotations

import io
import random
from pathlib import Path

import numpy as np
import pytest
from damage import damaged
from photos import read
from PIL import Image, features

from whypretrain.errors import InputError

SIDE = 24
CLASSES = ("cat", "dog")


def original(mode):
    """A picture with edges, shades and noise."""
    values = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 4), dtype=np.uint8)
    values[: SIDE // 2] = np.arange(SIDE, dtype=np.uint8)[None, :, None] * 10
    if mode == "I;16":
        return Image.fromarray(values[..., 0].astype(np.uint16) * 257)
    if mode == "F":
        return Image.fromarray(values[..., 0].astype(np.float32))
    return Image.fromarray(values).convert(mode)


def exif():
    found = Image.Exif()
    found[0x0112], found[0x010F], found[0x9003] = 6, "maker", "2020:01:01 00:00:00"
    return found.tobytes()


FORMATS = [
    *[("png", mode, {}) for mode in ("L", "RGB", "RGBA", "LA", "P", "1", "I;16")],
    ("png", "L", {"transparency": 3}),
    *[("jpeg", mode, {"exif": exif()}) for mode in ("L", "RGB", "CMYK")],
    ("jpeg", "RGB", {"progressive": True, "exif": exif()}),
    *[("tiff", mode, {"compression": how}) for mode in ("RGB", "I;16", "L") for how in ("raw", "tiff_lzw", "jpeg")],
    ("tiff", "RGBA", {"compression": "tiff_adobe_deflate"}),
    ("tiff", "1", {"compression": "group4"}),
    ("gif", "P", {"transparency": 1, "save_all": True, "append_images": [original("P")]}),
    *[("webp", mode, {"lossless": lossless}) for mode in ("RGB", "RGBA") for lossless in (True, False)],
    *[(name, "RGB", {}) for name in ("bmp", "ppm", "tga", "pcx", "sgi", "qoi", "dds", "ico", "jpeg2000", "mpo", "im")],
    ("tga", "RGBA", {"compression": "tga_rle"}),
    ("jpeg2000", "I;16", {}),
    ("xbm", "1", {}),
    *([("avif", "RGBA", {})] if features.check("avif") else []),
]


def sound():
    """The bytes of a sound file of each format."""
    for name, mode, options in FORMATS:
        if (name, mode, options.get("compression")) == ("tiff", "I;16", "jpeg"):
            continue
        file = io.BytesIO()
        original(mode).save(file, format=name, **options)
        yield name, file.getvalue()


def write(root, number, first):
    """Sound and damaged files of both classes, the damaged ones numbered from `first`."""
    kinds = list(sound())
    for label in CLASSES:
        (root / label).mkdir(parents=True)
        for row in range(3):
            original("RGB").save(root / label / f"sound{row}.png")
    for each in range(first, first + number):
        name, content = kinds[each % len(kinds)]
        path = root / CLASSES[each // len(kinds) % 2] / f"{each}.{'jpg' if name == 'mpo' else name}"
        path.with_suffix(".jp2" if name == "jpeg2000" else path.suffix).write_bytes(
            damaged(content, [content for _, content in kinds], each)
        )


@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", [1_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_every_damaged_picture_is_read_or_named(tmp_path, number):
    for first in range(0, number, 1_000):
        root = tmp_path / str(first)
        write(root, 1_000, first)
        made = read(root, 1, on_broken="skip", max_pixels=1_000_000)
        origins, broken = made.manifest["origin"].tolist(), made.about["skipped"]["origins"]
        assert len(origins) + len(broken) == 1_006 == made.about["files"]["images"]
        assert sum("sound" in origin for origin in origins) == 6
        assert made.manifest["class_name"].tolist() == [origin.split("/")[0] for origin in origins]
        assert 200 < len(broken) < 900, "damage that breaks some and leaves some"
        with pytest.raises(InputError) as error:
            read(root, 1, max_pixels=1_000_000)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("number", [200, pytest.param(2_000, marks=pytest.mark.long)])
def test_damaged_exif_costs_no_picture(tmp_path, number):
    file = io.BytesIO()
    original("RGB").save(file, format="jpeg", exif=exif(), quality=90)
    content = file.getvalue()
    start = content.index(b"Exif\0\0") + 6
    end = start + len(exif()) - 6
    for label in CLASSES:
        (tmp_path / label).mkdir()
    for each in range(number):
        draw, new = random.Random(each), bytearray(content)
        for _ in range(draw.choice([1, 2, 4, 16])):
            new[draw.randrange(start, end)] = draw.randrange(256)
        Path(tmp_path / CLASSES[each % 2] / f"{each}.jpg").write_bytes(new)
    stored = np.asarray(Image.open(io.BytesIO(content)).convert("L"))
    allowed = {turned.tobytes() for turn in range(4) for turned in (np.rot90(stored, turn), np.rot90(stored.T, turn))}
    made = read(tmp_path, 1, size=SIDE)
    assert {image.tobytes() for image in made.images[:, 0]} <= allowed
