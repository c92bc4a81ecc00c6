"""Figures: one small module each, drawn from tables alone. Reading their list loads no plotting library.

Example:
    >>> from whypretrain.figures import FIGURES
    >>> FIGURES["agreement"].tables
    ['agreement']
"""

from whypretrain.figures.registry import FIGURES, PAPERS, Figure, Paper, drawn
from whypretrain.figures.settings import Settings

__all__ = ["FIGURES", "PAPERS", "Figure", "Paper", "Settings", "drawn"]
