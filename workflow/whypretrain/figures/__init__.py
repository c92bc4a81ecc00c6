"""Figures: one small module each, drawn from tables alone."""

from whypretrain.figures.registry import FIGURES, draw, read, save
from whypretrain.figures.settings import Settings

__all__ = ["FIGURES", "Settings", "draw", "read", "save"]
