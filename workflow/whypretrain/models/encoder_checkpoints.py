"""Weights of encoders that others trained, brought into a classifier of text; nothing in them is ever executed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from whypretrain.errors import InputError
from whypretrain.models import published
from whypretrain.models.classifier import Classifier, build
from whypretrain.models.encoders import Encoder, TokenEncoder, fitting_state
from whypretrain.models.folders import read_folder
from whypretrain.models.state_dicts import Choice, state_of
from whypretrain.models.storage import fill
from whypretrain.models.tokenizers import folder_of


def import_encoder(
    encoder: Encoder,
    source: str,
    classes: Sequence[str],
    *,
    seed: int = 0,
    choice: Choice | None = None,
    weights: str | Path | None = None,
) -> tuple[Classifier, list[str]]:
    """A text classifier with the weights of `source`, in evaluation mode, and notes on what was left out.

    Args:
        source: `hf:ORG/NAME@REVISION`, `file:FOLDER` or `package:NAME`.
        classes: names of the classes that it is to tell apart; its head is drawn from `seed`.
        choice: as in `checkpoints.import_checkpoint`.
        weights: a folder that `published.keep` wrote, for hf.

    Raises:
        InputError: if the source cannot be read, does not fit the encoder, or holds numbers that are not finite.
    """
    content, notes = _content(source, weights)
    state, chosen = state_of(content, source, choice)
    model = build(encoder, classes, seed=seed)
    backbone: Any = model.backbone
    assert isinstance(backbone, TokenEncoder)
    body, left_out = fitting_state(state, backbone.body)
    _check_numbers(body, source)
    head = {f"head.{name}": value for name, value in model.head.state_dict().items()}
    own = {f"backbone.body.{name}": value for name, value in backbone.body.state_dict().items()}
    buffers = {name: value for name, value in own.items() if name.endswith("position_ids")}
    named = {f"backbone.body.{name}": value for name, value in body.items()}
    fill(model, {**head, **buffers, **named}, source, called=lambda name: name.removeprefix("backbone.body."))
    return model.eval(), [*notes, *chosen, *left_out]


def _content(source: str, weights: str | Path | None) -> tuple[Any, list[str]]:
    if weights is None:
        found = read_folder(folder_of(source))
        return found.content, found.notes
    from whypretrain.models.reading import Content

    kept = published.kept(source, weights)
    revision = kept.origin.get("revision")
    notes = [f"revision {revision} was taken; {source}@{revision} names it"] if revision and "@" not in source else []
    return Content(dict(kept.state), []), notes


def _check_numbers(state: dict[str, Tensor], source: str) -> None:
    for name, value in state.items():
        if value.is_floating_point() and (bad := int((~torch.isfinite(value)).sum())):
            raise InputError(
                f"checkpoint {source}: {name} has {bad} of {value.numel()} values that are NaN or infinite; "
                "take an earlier checkpoint of that training"
            )
