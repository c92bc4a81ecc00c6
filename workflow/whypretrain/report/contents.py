"""What the page holds, in order: the papers and figures of `contents.yaml` with the files found for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

FORMATS = ("svg", "png", "pdf", "csv")


@dataclass(frozen=True)
class Figure:
    """A figure with its text and the files that are there, by format."""

    name: str
    title: str
    caption: str
    published: str
    alt: str
    files: dict[str, Path]
    needs: str = ""  # what an experiment has to measure for this figure

    @property
    def made(self) -> bool:
        """Whether there is a picture to show."""
        return bool({"svg", "png"} & set(self.files))


@dataclass(frozen=True)
class Paper:
    """A paper with its figures in its own order."""

    id: str
    short: str
    title: str
    authors: str
    venue: str
    figures: list[Figure]


def papers(*folders: Path) -> list[Paper]:
    """The papers with the figures found in `folders`; figures that no paper names come under the last."""
    listed = yaml.safe_load((Path(__file__).parent / "contents.yaml").read_text())["papers"]
    found = [
        Paper(**{**paper, "figures": [_figure(folders, **figure) for figure in paper["figures"]]})
        for paper in listed
    ]
    named = {figure.name for paper in found for figure in paper.figures}
    further = sorted({path.stem for folder in folders for path in folder.glob("*.svg")} - named)
    found[-1].figures.extend(_figure(folders, **_untold(name)) for name in further)
    return found


def names(found: Iterable[Paper]) -> list[str]:
    """Names of all figures that are made."""
    return [figure.name for paper in found for figure in paper.figures if figure.made]


def _figure(folders: Sequence[Path], name: str, **text: str) -> Figure:
    paths = [folder / f"{name}.{suffix}" for suffix in FORMATS for folder in folders]
    return Figure(name, files={path.suffix[1:]: path for path in paths if path.is_file()}, **text)


def _untold(name: str) -> dict[str, str]:
    """Text for a figure that `contents.yaml` does not know."""
    title = name.replace("_", " ").capitalize()
    return {"name": name, "title": title, "caption": "", "published": "", "alt": f"Figure: {title}"}
