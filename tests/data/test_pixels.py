"""From pictures of every type to 8 bits: the right values, or one line that names the file."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from photos import folder, pixels, read
from PIL import Image, features

from whypretrain.errors import InputError

SIDE = 8
RAMP = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)  # 0 to 63


@pytest.fixture
def root(tmp_path):
    return folder(tmp_path)


def found(root, name, channels=1, **options):
    """The pixels of red/NAME, read at their own size: one channel (H, W), or (3, H, W)."""
    image = pixels(read(root, channels, SIDE, **options), f"red/{name}")
    return image[0] if channels == 1 else image


def refused(root, match, **options):
    with pytest.raises(InputError, match=match) as caught:
        read(root, 1, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ending", ["png", "tif", "jp2", "pgm"])
def test_16_bits_are_scaled_by_the_largest_value_of_the_type(root, ending):
    values = (RAMP * 1040).astype(np.uint16)  # up to 65520
    Image.fromarray(values).save(root / f"red/deep.{ending}")
    np.testing.assert_array_equal(found(root, f"deep.{ending}"), np.rint(values / 257))


def test_white_states_the_value_of_a_smaller_range(root):
    Image.fromarray((RAMP * 65).astype(np.uint16)).save(root / "red/12.png")  # up to 4095
    np.testing.assert_array_equal(found(root, "12.png", white=4095), np.rint(RAMP * 65 * 255 / 4095))
    refused(root, r"red/12\.png \(pixels of up to 4095, above white: 1000; raise it\)", white=1000)


def test_a_16_bit_picture_whose_zero_is_white(root):
    Image.fromarray((RAMP * 1040).astype(np.uint16)).save(root / "red/film.tif", tiffinfo={262: 0})
    np.testing.assert_array_equal(found(root, "film.tif"), 255 - np.rint(RAMP * 1040 / 257))


@pytest.mark.parametrize(("dtype", "of"), [(np.int32, 1000), (np.float32, 1.5)])
def test_32_bits_have_no_range_of_their_own(root, dtype, of):
    Image.fromarray((RAMP * of / 63).astype(dtype)).save(root / "red/deep.tif")
    refused(root, r"red/deep\.tif \(32-bit .*numbers of up to 1[.0-9]*; set white: to the value that is white\)")
    shown = (RAMP * of / 63).astype(dtype) * 255 / 2000
    np.testing.assert_array_equal(found(root, "deep.tif", white=2000), np.rint(shown))


def test_32_bit_numbers_up_to_255_are_taken_as_they_are(root):
    Image.fromarray(RAMP.astype(np.int32)).save(root / "red/plain.tif")
    np.testing.assert_array_equal(found(root, "plain.tif"), RAMP)


@pytest.mark.parametrize("value", [-1, np.nan, np.inf])
def test_negative_and_missing_pixels_are_named(root, value):
    values = RAMP.astype(np.float32)
    values[3, 3] = value
    Image.fromarray(values).save(root / "red/odd.tif")
    refused(root, r"red/odd\.tif \(pixels from .* to .*; write it with values from 0 on\)", white=100)


def strokes(mode):
    """Black strokes on a see-through ground that is black, too: the strokes' alpha is 255, the ground's 0."""
    alpha = np.where(RAMP % 8 == 3, 255, 0).astype(np.uint8)
    picture = Image.fromarray(np.dstack([np.zeros((SIDE, SIDE, 3), np.uint8), alpha]))
    return picture.convert(mode) if mode != "P" else picture.quantize(4)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.parametrize("channels", [1, 3])
def test_transparency_shows_the_background(root, mode, channels):
    strokes(mode).save(root / "red/icon.png")
    shown = pixels(read(root, channels), "red/icon.png")
    np.testing.assert_array_equal(shown, np.broadcast_to(np.where(RAMP % 8 == 3, 0, 255), shown.shape))
    coloured = found(root, "icon.png", 3, background="#0a141e")
    assert coloured[:, 0, 0].tolist() == [10, 20, 30]
    assert coloured[:, 0, 3].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("mode", "clear"), [("L", 0), ("RGB", (0, 0, 0)), ("I;16", 0), ("1", 0)])
def test_one_transparent_value(root, mode, clear):
    values = (RAMP % 8 == 3) * (65535 if mode == "I;16" else 255)
    picture = Image.fromarray(values.astype(np.uint16 if mode == "I;16" else np.uint8))
    (picture if mode == "I;16" else picture.convert(mode)).save(root / "red/icon.png", transparency=clear)
    assert found(root, "icon.png").min() == 255
    assert found(root, "icon.png", background="black").tolist() == ((RAMP % 8 == 3) * 255).tolist()


def test_half_transparent_pixels_are_mixed_with_the_background(root):
    Image.new("RGBA", (8, 8), (200, 0, 0, 51)).save(root / "red/glass.png")
    assert found(root, "glass.png", 3)[:, 0, 0].tolist() == [244, 204, 204]  # a fifth of the colour, four of white


def test_no_colour(root):
    with pytest.raises(InputError, match=r"background: 'paper' is no colour; write a name such as white"):
        read(root, background="paper")


def exif(*entries):
    """A block of EXIF with these entries (tag, type, count, value), and nothing behind them."""
    rows = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"Exif\x00\x00II*\x00\x08\x00\x00\x00" + struct.pack("<H", len(entries)) + rows + b"\0\0\0\0"


TURNED = (0x0112, 3, 1, 3)  # by 180 degrees
FAULTS = {
    "signed rational of denominator 0": exif(TURNED, (0x9204, 10, 1, 38)) + struct.pack("<ii", 1, 0),
    "values that lie behind the end": exif(TURNED, (0x010F, 2, 4000, 9000)),
    "an unknown type": exif(TURNED, (0x0131, 99, 1, 0)),
    "a cut block": exif(TURNED, (0x0131, 2, 9, 99))[:-11],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_exif_costs_neither_the_picture_nor_its_orientation(root, fault):
    upper = np.zeros((SIDE, SIDE, 3), np.uint8)
    upper[: SIDE // 2] = 255
    Image.fromarray(upper).save(root / "red/turned.jpg", exif=FAULTS[fault], quality=95)
    image = found(root, "turned.jpg")
    assert (image[:3].max(), image[5:].min()) == (0, 255) or (image[:3].max() < 30 and image[5:].min() > 225)


@pytest.mark.parametrize("block", [b"Exif\0\0", b"Exif\0\0II*\0", b"Exif\0\0garbage" * 9, exif((0x0112, 2, 9, 1))])
def test_without_a_readable_orientation_the_picture_is_as_stored(root, block):
    Image.new("L", (SIDE, SIDE), 100).save(root / "red/grey.jpg", exif=block)
    assert set(found(root, "grey.jpg").ravel()) == {100}


def test_max_pixels(root):
    Image.new("1", (14400, 14400), 1).save(root / "red/scan.png")  # a few KB
    refused(root, r"red/scan\.png \(more than max_pixels: 178956970; raise it\)")
    assert len(read(root, on_broken="skip")) == 10
    Image.new("1", (300, 100), 1).save(root / "red/scan.png")
    assert found(root, "scan.png", max_pixels=30_000).min() == 255
    refused(root, r"red/scan\.png \(more than max_pixels: 29998", max_pixels=29_998)


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_avif(root):
    Image.new("RGB", (SIDE, SIDE), (200, 10, 10)).save(root / "red/new.AVIF", quality=100)
    assert np.abs(found(root, "new.AVIF", 3)[:, 4, 4] - [200, 10, 10]).max() < 6


@pytest.mark.parametrize("name", ["p.jfif", "p.jpe", "p.jp2", "p.tga", "p.ico", "p.pcx", "p.qoi", "p.sgi", "p.dds"])
def test_formats_of_other_endings(root, name):
    Image.new("RGB", (16, 16), (200, 10, 10)).save(root / "red" / name)
    assert np.abs(found(root, name, 3)[:, 4, 4] - [200, 10, 10]).max() < 6


@pytest.mark.parametrize("name", ["photo", "IMG.0012", "mr. smith jr"])
def test_files_without_an_ending_are_known_by_their_bytes(root, name):
    Image.new("RGB", (16, 16), (200, 10, 10)).save(root / "red" / name, format="png")
    (root / "red/README").write_text("not a picture")
    made = read(root)
    assert pixels(made, f"red/{name}")[:, 4, 4].tolist() == [200, 10, 10]
    assert made.about["files"] == {"found": 12, "images": 11, "left_out": {"no ending": 1}}


def test_what_runs_another_program_is_no_picture(root):
    (root / "red/drawing.eps").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n")
    assert read(root).about["files"]["left_out"] == {".eps": 1}


def test_constant_and_identical_images_are_counted(tmp_path):
    from whypretrain.data import save
    from whypretrain.data.account import account

    generator = np.random.default_rng(0)
    noise = [Image.fromarray(generator.integers(0, 256, (SIDE, SIDE), dtype=np.uint8)) for _ in range(6)]
    for split, name, row, picture in [
        *(("train", "a", row, noise[row]) for row in range(3)),
        *(("train", "b", row, noise[3 + row]) for row in range(3)),
        ("train", "b", 9, Image.new("L", (SIDE, SIDE), 7)),
        ("train", "b", 10, noise[0]),  # the other class's
        ("test", "a", 0, noise[1]),  # leaked
        ("test", "b", 0, Image.new("L", (SIDE, SIDE), 8)),
    ]:
        place = tmp_path / "photos" / split / name
        place.mkdir(parents=True, exist_ok=True)
        picture.save(place / f"{row}.png")
    about = save(read(tmp_path / "photos", 1), tmp_path / "saved")
    assert (about["constant"], about["identical"]) == (2, {"images": 4, "across_splits": 1})
    assert list(account(about)) == [
        "10 files found, 10 of them images",
        "splits: training images from train, test images from test",
        "2 of 10 images are of one colour",
        "4 images are copies of another one, 1 test image of a training image",
    ]


def test_a_set_that_is_all_dark_is_remarked_on(root, tmp_path):
    from whypretrain.data import save
    from whypretrain.data.account import remarks

    for path in [*root.rglob("*.png"), *root.rglob("*.jpg")]:
        path.unlink()
    for name in ("red", "blue"):
        for row in range(4):
            Image.fromarray((RAMP * 65 - row).clip(0).astype(np.uint16)).save(root / name / f"{row}.png")
    about = save(read(root, 1), tmp_path / "saved")
    assert about["brightest"] == 16
    assert "no training image has a pixel above 16 of 255" in " ".join(remarks(about))
