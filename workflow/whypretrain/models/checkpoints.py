"""Checkpoints made elsewhere, brought into a `Classifier`; nothing in them is ever executed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from whypretrain.errors import InputError
from whypretrain.models import published
from whypretrain.models.architecture import Architecture
from whypretrain.models.classifier import Classifier, build
from whypretrain.models.folders import read_folder
from whypretrain.models.foreign import load_foreign
from whypretrain.models.reading import Content, first_line, is_npz, read_file
from whypretrain.models.state_dicts import Choice, state_of
from whypretrain.provenance import located


class Found(NamedTuple):
    """What a source holds.

    Attributes:
        content: what was read; a state dict, wrapped or not.
        published: mean and std by which its images were normalised, as far as it says so.
        classes: names of its head's classes, in their order; None where it names none.
        notes: what was chosen.
    """

    content: Content
    published: Mapping[str, Any] = {}
    classes: list[str] | None = None
    notes: list[str] = []


def import_checkpoint(
    architecture: Architecture,
    source: str,
    classes: Sequence[str],
    *,
    seed: int = 0,
    normalised: bool = False,
    choice: Choice | None = None,
    head_needed: bool = False,
    weights: str | Path | None = None,
) -> tuple[Classifier, list[str]]:
    """A classifier with the weights of `source`, in evaluation mode, and notes on what was changed for it.

    `source` is `timm:NAME`, `torchvision:WEIGHTS` (`ResNet50_Weights.IMAGENET1K_V1`) or `hf:ORG/NAME@REVISION`, fetched
    by these libraries, `file:PATH` for a file or a folder, or `package:NAME`, a file inside an installed Python
    package, which is not imported. Formats: docs/own_models.md. timm resamples positions, patches and input channels.

    Args:
        classes: names of the classes that the model is to tell apart. A head for others is dropped; the new one is
            drawn from `seed`.
        normalised: whether the architecture's mean and std are meant; else what the source says replaces them.
        choice: of averaged (ema) and raw weights; None: averaged ones where a file has them next to raw ones.
        head_needed: refuse a source without a head for these classes. They are matched by the names that the source
            gives, else by their order.
        weights: a folder that `published.keep` wrote, in place of fetching anything.

    Raises:
        InputError: if the source cannot be read, does not fit the architecture, or holds numbers that are not finite.
    """
    path = _path_of(source)
    if path and path.is_file() and is_npz(path):
        model = build(architecture, classes, seed=seed)
        return model.eval(), _load_augreg(model, path, head_needed=head_needed)
    found = read_source(source, weights)
    notes = list(found.notes)
    if found.published and not normalised:
        architecture = _normalised_as(found.published, architecture)
    if found.published:
        whose = "the config says" if normalised else f"{source} was"
        notes.append(f"images are normalised as {whose}: {architecture.mean}, {architecture.std}")
    state, chosen = state_of(found.content, str(path or source), choice)
    model = build(architecture, _their_order(found.classes, classes, source, head_needed), seed=seed)
    notes += chosen + load_foreign(model, state, str(path or source), choice, head_needed=head_needed)
    _reorder(model, classes)
    if head_needed:
        how = (
            "by their names"
            if found.classes
            else f"by their order: {', '.join(classes[:5])}{' ...' * (len(classes) > 5)}"
        )
        notes.append(f"its {len(classes)} classes are matched {how}")
    return model.eval(), notes


def _path_of(source: str) -> Path | None:
    """The file or folder of a source; None where a library fetches it."""
    kind, _, place = source.partition(":")
    if (kind not in published.FETCHED and kind not in ("file", "package")) or not place:
        raise InputError(
            f"checkpoint {source!r}: give timm:NAME, torchvision:WEIGHTS or file:PATH, or package:NAME "
            "for a file inside an installed Python package"
        )
    return located(source.removeprefix("file:")) if kind in ("file", "package") else None


def read_source(source: str, weights: str | Path | None = None) -> Found:
    """What a source of `import_checkpoint` holds, as it is there.

    Raises:
        InputError: if it cannot be read.
    """
    path = _path_of(source)
    if path and path.is_dir():
        return Found(*read_folder(path))
    if path:
        return Found(read_file(path))
    found = published.kept(source, weights) if weights else published.fetch(source)
    normalisation = {"mean": found.mean, "std": found.std} if found.mean and found.std else {}
    revision = found.origin.get("revision")
    notes = [f"revision {revision} was taken; {source}@{revision} names it"] if revision and "@" not in source else []
    pinned = notes if source.startswith("hf:") else []
    return Found(Content(dict(found.state), []), normalisation, found.classes, pinned)


def _their_order(theirs: list[str] | None, classes: Sequence[str], source: str, head_needed: bool) -> list[str]:
    """The classes in the order of the source's head, where it names them and they are these."""
    if not theirs or not head_needed or set(theirs) == set(classes):
        return list(theirs) if theirs and set(theirs) == set(classes) else list(classes)
    missing = [name for name in classes if name not in theirs]
    raise InputError(
        f"checkpoint {source}: its classes are {', '.join(theirs[:5])}, those of the data {', '.join(classes[:5])}"
        + (f"; {missing[0]!r} is not among its {len(theirs)}" if missing else f"; it has {len(theirs)}")
        + "; name the data's classes as in training"
    )


def _reorder(model: Classifier, classes: Sequence[str]) -> None:
    """Bring the head's outputs into the order of the classes."""
    order = [model.classes.index(name) for name in classes]
    model.head.weight.data = model.head.weight.data[order]
    model.head.bias.data = model.head.bias.data[order]
    model.classes = list(classes)


def _normalised_as(published: Mapping[str, Any], architecture: Architecture) -> Architecture:
    # Images with another number of channels get the mean over the checkpoint's.
    values = {key: tuple(published[key]) for key in ("mean", "std") if key in published}
    if any(len(found) != architecture.channels for found in values.values()):
        values = {key: (sum(found) / len(found),) for key, found in values.items()}
    return architecture.changed(**values)


def usual_normalisation(architecture: Architecture) -> Architecture | None:
    """The architecture with the mean and std of timm's own weights for it; None with options, or without weights."""
    from timm.models import get_pretrained_cfg

    usual = None if architecture.options else get_pretrained_cfg(architecture.name)
    return _normalised_as(vars(usual), architecture) if usual else None


def _load_augreg(model: Classifier, path: Path, *, head_needed: bool) -> list[str]:
    """Through timm's reader of .npz, after a check of the depth, which that reader leaves out."""
    backbone: Any = model.backbone
    if not hasattr(backbone, "load_pretrained") or head_needed:
        why = "has no head for these classes" if head_needed else f"holds a ViT; {model.architecture.name} is none"
        raise InputError(f"checkpoint {path}: an .npz {why}")
    try:
        with np.load(path, allow_pickle=False) as file:
            blocks = {found[1] for name in file.files if (found := re.search(r"encoderblock_(\d+)/", name))}
        if blocks and len(blocks) != len(backbone.blocks):
            raise ValueError(f"it has {len(blocks)} blocks, the model {len(backbone.blocks)}; set depth")
        backbone.load_pretrained(str(path))
    except (KeyError, ValueError, RuntimeError, OSError, EOFError, zipfile.BadZipFile) as error:
        reason = first_line(error)
        raise InputError(f"checkpoint {path}: does not fit {model.architecture.name} ({reason})") from error
    return [f"the head was dropped; a new one for {len(model.classes)} classes was drawn"]
