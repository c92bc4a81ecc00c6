"""The explorer: single samples with their strongest kept, lost and new interactions, and inverted images by layer.

All of it was computed before: interactions are rows of strongest.csv, players and log-odds are those of the score
archives, inversions those that the invariances stage kept. Models are the role reference, which stands for the
pre-trained one, and the role finetune; of several seeds there is the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.config.parts import PRETRAINED, Role
from whypretrain.config.roles import labels_of, roles_of
from whypretrain.data.image_set import ImageSet, load
from whypretrain.data.text_set import is_text
from whypretrain.errors import InputError
from whypretrain.figures import pictures, tables
from whypretrain.interactions.archive import ScoreArchive, load_scores
from whypretrain.report.shown import Picture, Sentence, thumbnail

Cell = tuple[str, str]  # architecture and target
KINDS = {  # of strongest.csv: what the page calls them, and the paper
    "preserved": ("Kept", "preserved"),
    "discarded": ("Lost", "discarded"),
    "new": ("New", "newly learned"),
}
SAMPLES, ALL_SAMPLES = 12, 72  # with interactions: of one architecture and target, and of all
INVERTED, ALL_INVERTED = 4, 16  # images with inversions, likewise


@dataclass(frozen=True)
class Files:
    """What the explorer is made from.

    Attributes:
        strongest: strongest.csv; None: no interactions.
        scores: archives of the first seed, one for each architecture and target.
        samples: the folder of the target's images or tokens for each archive.
        inversions: pictures.npz of the first seed for each architecture and target.
    """

    strongest: Path | None = None
    scores: Sequence[Path] = ()
    samples: Sequence[Path] = ()
    inversions: Sequence[Path] = ()


@dataclass(frozen=True)
class Interaction:
    """One interaction of a sample.

    Attributes:
        effect: its kept, lost or new part, with its sign, relative to what showing all players changes on average.
        size: relative to the sample's largest one, 0 to 1.
        players: its members, as many as its order.
    """

    effect: float
    size: float
    players: list[int]


@dataclass(frozen=True)
class Sample:
    """A scored sample.

    Attributes:
        log_odds: of its class with nothing hidden, by model.
        interactions: by kind, the strongest first.
    """

    architecture: str
    target: str
    id: str
    class_name: str
    shown: Picture | Sentence
    log_odds: Mapping[str, float]
    interactions: Mapping[str, list[Interaction]]

    @property
    def title(self) -> str:
        return f"{'Sentence' if self.shown.is_text else 'Image'} {self.id}, class {self.class_name}"


@dataclass(frozen=True)
class Inverted:
    """An image, the noise that inversions start from, and what each model's layers represent as they do the image.

    Attributes:
        layers: inversions by model, (layers, C, H, W).
    """

    architecture: str
    target: str
    number: int
    image: np.ndarray
    noise: np.ndarray | None
    layers: Mapping[str, np.ndarray]

    @property
    def title(self) -> str:
        return f"Inversions of image {self.number}"

    @cached_property
    def strips(self) -> dict[str, list[str]]:
        """Thumbnails of each model's inversions, layer by layer."""
        return {model: [thumbnail(image) for image in images] for model, images in self.layers.items()}

    @cached_property
    def beginning(self) -> dict[str, str]:
        """Thumbnails of the image and of the noise."""
        both = {"image": self.image, "noise": self.noise}
        return {name: thumbnail(image) for name, image in both.items() if image is not None}


@dataclass(frozen=True)
class Explorer:
    """What can be chosen.

    Attributes:
        samples: with interactions, by architecture and target.
        inverted: with inversions, by architecture and target.
        scored: how many samples have interactions, shown here or not, by architecture and target.
        inversions: how many images of each were inverted.
    """

    samples: Mapping[Cell, list[Sample]] = field(default_factory=dict)
    inverted: Mapping[Cell, list[Inverted]] = field(default_factory=dict)
    scored: Mapping[Cell, int] = field(default_factory=dict)
    inversions: int = 0

    @property
    def of_text(self) -> bool:
        return any(sample.shown.is_text for each in self.samples.values() for sample in each)

    @property
    def groups(self) -> dict[str, list[Sample | Inverted]]:
        """All that can be chosen, by what a group of it is called."""
        found: dict[str, list[Sample | Inverted]] = {}
        kind = "sentences" if self.of_text else "images"
        for cell, each in self.samples.items():
            found[f"{' on '.join(cell)}: {len(each)} of {self.scored[cell]} {kind} with interactions"] = [*each]
        for cell, images in self.inverted.items():
            found[f"{' on '.join(cell)}: {len(images)} of {self.inversions} inverted images"] = [*images]
        return found


def explorer(files: Files, config: Mapping[str, Any]) -> Explorer:
    """What the explorer shows of an experiment; nothing where no file is given.

    Raises:
        InputError: if a file cannot be read, or the files do not belong together.
    """
    if not (files.scores or files.inversions):
        return Explorer()
    roles, labels = roles_of(dict(config)), labels_of(dict(config))
    names = {PRETRAINED: "pre-trained"}
    if reference := roles.get(Role.REFERENCE):
        names[reference] = f"pre-trained ({labels[reference]})"
    if model := roles.get(Role.FINETUNE):
        names[model] = labels[model]
    samples: dict[Cell, list[Sample]] = {}
    scored: dict[Cell, int] = {}
    for archive, own, rows in _scored(files, roles):
        cell = (archive.run["architecture"], archive.run["target"])
        scored[cell] = len(archive.about["samples"])
        few = _few(SAMPLES, ALL_SAMPLES, len(files.scores))
        samples[cell] = list(_samples(archive, own, rows, few, names))
    few = _few(INVERTED, ALL_INVERTED, len(files.inversions))
    inverted = [list(_inverted(path, few, names)) for path in files.inversions]
    by_cell = {(each[0].architecture, each[0].target): each for each in inverted}
    return Explorer(samples, by_cell, scored, config["invariances"]["images"])


def _few(each: int, together: int, cells: int) -> int:
    """How many of a cell are shown, so that all cells together keep the page small."""
    return max(1, min(each, together // max(1, cells)))


def _scored(files: Files, roles: Mapping[Role, str]) -> Iterator[tuple[ScoreArchive, ImageSet, pd.DataFrame]]:
    """Each archive with its target's samples and with the fine-tuned model's strongest interactions."""
    if files.strongest is None:
        return
    table = tables.read("strongest", [files.strongest])
    for scores, folder in zip(files.scores, files.samples, strict=True):
        archive = load_scores(scores)
        yield archive, load(folder, hashed=False), tables.only(table, **archive.run, model=roles[Role.FINETUNE])


def _samples(
    archive: ScoreArchive, own: ImageSet, strongest: pd.DataFrame, few: int, names: Mapping[str, str]
) -> Iterator[Sample]:
    """The first samples of an archive."""
    run, about = archive.run, archive.about
    place = {str(name): number for number, name in enumerate(own.manifest["id"])}
    for number, name in enumerate(map(str, about["samples"][:few])):
        if name not in place:
            raise InputError(f"sample {name!r} of {run['target']} was scored but is not in its data; score it again")
        whole = dict(zip(archive.models, archive.scores[:, number, -1].tolist(), strict=True))
        yield Sample(
            run["architecture"],
            run["target"],
            name,
            str(about["classes"][about["labels"][number]]),
            _shown(own, place[name], archive.owner[number]),
            {label: whole[model] for model, label in names.items() if model in whole},
            _interactions(tables.only(strongest, sample=name)),
        )


def _shown(own: ImageSet, row: int, owner: np.ndarray) -> Picture | Sentence:
    if not is_text(own):
        return Picture(np.asarray(own.images[row]), owner)
    sentence = own.manifest.iloc[row]
    return Sentence(sentence["text"], sentence["words"], owner)


def _interactions(rows: pd.DataFrame) -> dict[str, list[Interaction]]:
    """The interactions of one sample by kind."""
    largest = rows["effect"].abs().max()
    return {
        kind: [
            Interaction(row["effect"], abs(row["effect"]) / largest, _members(int(row["coalition"])))
            for _, row in tables.only(rows, kind=kind).sort_values("rank").iterrows()
        ]
        for kind in KINDS
    }


def _members(coalition: int) -> list[int]:
    """The players of a coalition, the bits of its number."""
    return [player for player in range(coalition.bit_length()) if coalition >> player & 1]


def _inverted(path: Path, few: int, names: Mapping[str, str]) -> Iterator[Inverted]:
    """The first images of a file of pictures."""
    found = pictures.read(path)
    layers = {label: found.inversions[model] for model, label in names.items() if model in found.inversions}
    for number, image in enumerate(found.images[:few]):
        noise = None if found.noise is None else found.noise[number]
        of_image = {label: inversions[:, number] for label, inversions in layers.items()}
        yield Inverted(found.architecture, found.target, number + 1, image, noise, of_image)
