"""The list of figures, from registry.yaml: what each is drawn from, when, and what the report says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from whypretrain.config.methods import Config
from whypretrain.figures.conditions import CONDITIONS
from whypretrain.figures.wording import PLAYERS, plural

_TEXTS = ("title", "caption", "published", "alt")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What is known of a figure without drawing it.

    Attributes:
        tables: what it is drawn from.
        also: tables that it shows as well if they are given.
        when: names of conditions that the experiment must meet.
        target: a target of the workflow that makes it besides `figures`.
        paper: short title of the paper that it belongs to.
        title, caption, published, alt: its text in the report, to be read through `told`.
        files: what was made of it, by format, as the report finds it.
    """

    name: str
    title: str
    alt: str
    tables: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    target: str = ""
    paper: str = ""
    caption: str = ""
    published: str = ""
    files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def made(self) -> bool:
        """Whether there is a picture to show."""
        return bool({"svg", "png"} & set(self.files))

    @property
    def needs(self) -> str:
        """What an experiment needs for this figure, in words."""
        return " and ".join(CONDITIONS[name].needs for name in self.when)

    def told(self, sample: str) -> Figure:
        """The figure with its text as it is said of samples of this kind: `image` or `sentence`."""
        said: dict[str, Any] = {
            key: getattr(self, key).format(sample=sample, players=plural(PLAYERS[sample])) for key in _TEXTS
        }
        return replace(self, **said)


@dataclass(frozen=True)
class Paper:
    """A paper with its figures in its own order."""

    id: str
    short: str
    title: str
    authors: str
    venue: str
    figures: tuple[Figure, ...]


def _paper(entry: Mapping[str, Any]) -> Paper:
    figures = tuple(Figure(**figure, paper=entry["short"]) for figure in entry["figures"])
    return Paper(**{**entry, "figures": figures})


# Not named in full: what is listed here decides no drawing, so that a new entry draws nothing again.
LISTED = Path(__file__).with_suffix(".yaml")
PAPERS = [_paper(entry) for entry in yaml.safe_load(LISTED.read_text())["papers"]]
FIGURES: dict[str, Figure] = {figure.name: figure for paper in PAPERS for figure in paper.figures}


def drawn(config: Config) -> list[str]:
    """Names of the figures that an experiment can have.

    Example:
        Without a method trained from scratch, `scratch_ratio` and `scratch_gap` are left out.
    """
    holds = {name: condition.holds(config) for name, condition in CONDITIONS.items()}
    return [name for name, figure in FIGURES.items() if all(holds[each] for each in figure.when)]
