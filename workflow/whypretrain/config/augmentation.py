"""Random changes of training images."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from whypretrain.config.section import Natural, NonNegative, Section, Share


class Augmentation(Section):
    """Random changes of a training image; every default leaves the image as it is."""

    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0
    """degrees, drawn from [-rotation, rotation]"""
    translation: Share = 0.0
    """fraction of the image side, drawn from [-translation, translation] for each axis"""
    scale: NonNegative = 0.0
    """size factor, drawn log-uniformly from [1 / (1 + scale), 1 + scale]"""
    shear: Annotated[float, Field(ge=0, le=80)] = 0.0
    """degrees, drawn from [-shear, shear]"""
    area: Annotated[float, Field(ge=1e-3, le=1)] = 1.0
    """least fraction of the image that a random resized crop keeps; 1: the whole image"""
    crop: Natural = 0
    """pixels of zero padding before a random crop back to the size"""
    flip: bool = False
    """mirror left and right half the time; wrong for digits and letters"""
    noise: NonNegative = 0.0
    """standard deviation of Gaussian noise; images are in [0, 1]"""
