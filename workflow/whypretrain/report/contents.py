"""What the page holds, in order: the papers and figures of the registry with the files found for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from whypretrain.figures import FIGURES, PAPERS, Figure, Paper

FORMATS = ("svg", "png", "pdf", "csv")


def papers(folder: Path, *, pictures: bool = True, sample: str = "image") -> list[Paper]:
    """The papers with the figures found in `folder`; figures that the registry does not know come under the last.

    Without `pictures` those that may be made of images, perhaps in an earlier run, count as not found. `sample` is
    what captions call a sample.
    """
    further = sorted({path.stem for path in folder.glob("*.svg")} - set(FIGURES)) if pictures else []

    def found(figure: Figure) -> Figure:
        told = figure.told(sample)
        return _with_files(told, folder) if pictures or "pictures" not in figure.when else told

    *first, last = PAPERS
    listed = [*first, replace(last, figures=(*last.figures, *map(_untold, further)))]
    return [replace(paper, figures=tuple(map(found, paper.figures))) for paper in listed]


def names(found: Iterable[Paper]) -> list[str]:
    """Names of all figures that are made."""
    return [figure.name for paper in found for figure in paper.figures if figure.made]


def _with_files(figure: Figure, folder: Path) -> Figure:
    paths = {suffix: folder / f"{figure.name}.{suffix}" for suffix in FORMATS}
    return replace(figure, files={suffix: path for suffix, path in paths.items() if path.is_file()})


def _untold(name: str) -> Figure:
    """What to say about a figure that the registry does not know."""
    title = name.replace("_", " ").capitalize()
    return Figure(name=name, title=title, alt=f"Figure: {title}")
