"""Options of data sets: those that all kinds share. Each kind adds its own in its module below `whypretrain.data`."""

from __future__ import annotations

from typing import Annotated, Literal

from PIL import ImageColor
from pydantic import AfterValidator, Field

from whypretrain.config.section import Count, Name, Place, Positive, Section


def _colour(name: str) -> str:
    try:
        ImageColor.getrgb(name)
    except ValueError:
        raise ValueError(f"{name!r} is no colour; write a name such as white, or '#rrggbb' in quotes") from None
    return name


Colour = Annotated[str, AfterValidator(_colour)]

HeldOut = Annotated[float, Field(ge=0.01, le=0.99)]


class DataSet(Section):
    """What every kind takes: which of its images are kept, all of them by default."""

    kind: str
    """where the images come from; `whypretrain datasets` lists the published sets"""
    train_size: Count | None = None
    """training images, a seeded stratified subset; null: all"""
    test_size: Count | None = None
    """test images, a seeded stratified subset; null: all"""
    imbalance: Annotated[float, Field(ge=1)] = 1.0
    """largest over smallest class of the training images, exponential between; 1: as they are"""
    fraction: Annotated[float, Field(ge=1e-6, le=1)] = 1.0
    """fraction of each class's training images that is kept, after train_size and imbalance"""
    variant_of: Name | None = None
    """data set whose draws are taken: same test images, nested training images"""


class OnDisk(DataSet):
    """What every kind that reads picture files takes."""

    concepts: Annotated[dict[str, str] | str | None, Place()] = None
    """class: concept, or a CSV with columns class_name and concept, or the authors' class_concept.pkl"""
    on_broken: Literal["stop", "skip"] = "stop"
    """pictures that cannot be decoded: name them and stop, or leave them out and count them in data.json"""
    background: Colour = "white"
    """colour behind transparent pixels"""
    white: Positive | None = None
    """value that is white in pictures of more than 8 bits; null: the largest of a 16-bit type, others are refused"""
    max_pixels: Count = 178_956_970
    """of a picture; larger ones count as broken; decoding one takes 4 to 16 bytes of memory for each pixel"""
