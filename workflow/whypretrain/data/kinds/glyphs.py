"""Kind `glyphs`: characters of several scripts, drawn with matplotlib's fonts and randomly distorted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import numpy as np
from PIL import Image
from pydantic import AfterValidator, Field

from whypretrain.config.datasets import DataSet
from whypretrain.config.messages import suggestion
from whypretrain.config.section import Count, Several, Share
from whypretrain.data.image_set import ImageSet, assemble
from whypretrain.data.kinds import Kind, Size, fonts
from whypretrain.data.kinds.distortion import Distortion, affine_maps, distorted, full_contrast, noisy, thickened
from whypretrain.data.kinds.scripts import SCRIPTS
from whypretrain.errors import InputError
from whypretrain.runtime import seeds

_ALIKE = 0.95  # correlation of two undistorted drawings in one face from which on they are one class
_FILL = 0.92  # longer edge of the undistorted character, share of the image side
_FINE = 64  # drawn at least this large, then reduced


def _known(script: str) -> str:
    if script not in SCRIPTS:
        raise ValueError(f"{script!r} is not in the scripts; {suggestion(script, SCRIPTS)}")
    return script


Script = Annotated[str, AfterValidator(_known)]


class Options(DataSet):
    """Characters drawn with the fonts that matplotlib ships, randomly distorted."""

    scripts: Annotated[tuple[Script, ...], Several, Field(min_length=1)] = (
        *("latin", "greek", "cyrillic", "arrows", "mathematics", "geometry", "music", "chess"),
    )
    """scripts and symbol blocks; each is a concept"""
    fonts: Annotated[tuple[str, ...], Several, Field(min_length=1)] = (
        *("DejaVu Sans", "DejaVu Sans Mono", "STIX", "Computer Modern"),
    )
    """font families; a glyph is drawn in a random face"""
    most_per_script: Count | None = None
    """classes a script has at most; null: all"""
    train_per_class: Count = 100
    """training drawings of each class"""
    test_per_class: Count = 10
    """test drawings of each class"""
    rotation: Annotated[float, Field(ge=0, le=180)] = 15.0
    """degrees, to either side"""
    scale: Annotated[float, Field(ge=0, le=0.9)] = 0.25
    """relative change of size, to either side"""
    shear: Annotated[float, Field(ge=0, le=2)] = 0.3
    """horizontal shift per unit of height, to either side"""
    shift: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    """fraction of the image side, to either side"""
    stroke: Annotated[float, Field(ge=0, le=0.25)] = 0.03
    """thickening, fraction of the image side, at most"""
    blur: Annotated[float, Field(ge=0, le=0.25)] = 0.045
    """Gaussian radius, fraction of the image side, at most"""
    noise: Share = 0.01
    """standard deviation, fraction of full brightness"""

    @property
    def distortion(self) -> Distortion:
        """The strengths of the random distortion."""
        names = Distortion.__dataclass_fields__
        return Distortion(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True)
class Glyph:
    """A class: one character, its script, and the faces that draw it."""

    character: str
    script: str
    faces: tuple[str, ...]


def make(options: Options, *, size: int, channels: int, seed: int) -> ImageSet:
    """Draw every class `train_per_class` + `test_per_class` times, white on black, each in a random face.

    Raises:
        InputError: for an unknown script or font family, or where no font draws any character of a script.
    """
    glyphs = find_glyphs(options, seed=seed)
    per_class = options.train_per_class + options.test_per_class
    labels = np.repeat(np.arange(len(glyphs)), per_class)
    drawn = [glyphs[label] for label in labels]
    test = np.tile(np.arange(per_class) >= options.train_per_class, len(glyphs))
    generator = seeds.generator(seed, "glyphs")
    chance = generator.random(len(labels))
    faces = [glyph.faces[int(part * len(glyph.faces))] for glyph, part in zip(drawn, chance, strict=True)]
    images = _draw([glyph.character for glyph in drawn], faces, options.distortion, size, generator)
    return assemble(
        np.repeat(images[:, None], channels, axis=1),
        labels,
        test=test,
        classes=[glyph.character for glyph in glyphs],
        concepts=[glyph.script for glyph in glyphs],
        origins=[f"{face} U+{ord(glyph.character):04X}" for face, glyph in zip(faces, drawn, strict=True)],
    )


def find_glyphs(options: Options, *, seed: int) -> list[Glyph]:
    """The classes: drawable characters of the scripts in order, without those that look like earlier ones."""
    available = fonts.faces(options.fonts)
    seen: dict[str, np.ndarray] = {}
    found = []
    for script in options.scripts:
        drawable = [_glyph(character, script, available) for character in SCRIPTS[script]]
        fresh = [glyph for glyph in drawable if glyph.faces and not _looks_like_earlier(glyph, seen)]
        if not fresh:
            raise InputError(f"scripts: no class is left of {script} in the fonts {', '.join(options.fonts)}; drop it")
        found += _some(fresh, options.most_per_script, seed)
    return found


def _glyph(character: str, script: str, available: list[str]) -> Glyph:
    return Glyph(character, script, tuple(face for face in available if fonts.draws(face, character)))


def _some(glyphs: list[Glyph], most: int | None, seed: int) -> list[Glyph]:
    """At most `most` of the glyphs, in their order."""
    if most is None or most >= len(glyphs):
        return glyphs
    chosen = seeds.generator(seed, "characters", glyphs[0].script).choice(len(glyphs), most, replace=False)
    return [glyphs[row] for row in np.sort(chosen)]


def _looks_like_earlier(glyph: Glyph, seen: dict[str, np.ndarray]) -> bool:
    """Compare with all earlier glyphs, face by face; remember this one (in `seen`) if it is new."""
    own = {face: _signature(face, glyph.character) for face in glyph.faces}
    if any(face in seen and (seen[face] @ signature).max() > _ALIKE for face, signature in own.items()):
        return True
    for face, signature in own.items():
        seen[face] = np.vstack([seen[face], signature]) if face in seen else signature[None]
    return False


def _signature(face: str, character: str) -> np.ndarray:
    """The undistorted drawing at 16 x 16, standardised so that a dot product is a correlation."""
    drawn = fonts.picture(face, character, _FINE, round(_FILL * _FINE)).reduce(_FINE // 16)
    pixels = np.asarray(drawn, dtype=np.float64).ravel()
    pixels -= pixels.mean()
    return pixels / np.linalg.norm(pixels)


def _draw(
    characters: list[str], faces: list[str], strength: Distortion, size: int, generator: np.random.Generator
) -> np.ndarray:
    """Draw each character in its face with its own random distortion; uint8, shape (N, size, size)."""
    fine = size * max(1, round(_FINE / size))
    count = len(characters)
    maps = affine_maps(count, strength, fine, generator)
    growth = generator.integers(0, round(strength.stroke * fine), count, endpoint=True)
    blurs = generator.uniform(0.5, 1.5, count) * strength.blur * fine
    images = np.empty((count, size, size), dtype=np.uint8)
    for row, (character, face) in enumerate(zip(characters, faces, strict=True)):
        base = _base(face, character, fine, int(growth[row]))
        images[row] = distorted(base, maps[row], float(blurs[row]), size)
    return noisy(full_contrast(images), strength.noise, generator)


@lru_cache(maxsize=256)  # a class is drawn in one go: all its faces and stroke widths fit
def _base(face: str, character: str, side: int, growth: int) -> Image.Image:
    """The undistorted character with its strokes grown by `growth` pixels."""
    return thickened(fonts.picture(face, character, side, round(_FILL * side)), growth)


def size(options: Options) -> Size:
    """As if the fonts drew all of a script's characters, each unlike all others."""
    most = options.most_per_script or 10**6
    classes = sum(min(len(SCRIPTS[script]), most) for script in options.scripts)
    return Size(classes * options.train_per_class, classes * options.test_per_class, classes)


KIND = Kind(
    Options,
    make,
    source="characters drawn with the fonts shipped in matplotlib",
    licence="DejaVu (Bitstream Vera), STIX (SIL OFL), Computer Modern; drawings are unrestricted",
    size=size,
)
