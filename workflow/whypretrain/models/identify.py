"""Which architecture of timm a checkpoint is of, and the size of its images, where nobody says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from whypretrain.errors import InputError
from whypretrain.models.architecture import check_name
from whypretrain.models.checkpoints import read_source
from whypretrain.models.folders import told_by
from whypretrain.models.foreign import fitting
from whypretrain.models.reading import Inert
from whypretrain.models.state_dicts import state_of
from whypretrain.provenance import located


class Identity(NamedTuple):
    """What a checkpoint is of.

    Attributes:
        name: of the architecture in timm.
        size: height and width of its images in pixels, as the checkpoint says; None where it does not.
    """

    name: str
    size: int | None


def identify(source: str, name: str | None = None) -> Identity:
    """The architecture of a source of `import_checkpoint`: `name` if given, else what the source says, else what fits.

    timm's names, its training script (`arch`, `args.img_size`) and its config.json say it; another state dict is
    compared, by names and shapes of its tensors, with the usual architectures.

    Raises:
        InputError: if the source cannot be read; if none of the usual architectures fits, or several do.
    """
    kind, _, place = source.partition(":")
    told: dict[str, Any] = told_by(path) if kind == "file" and (path := located(place)).is_dir() else {}
    if kind == "timm":
        told = {"architecture": place}
    elif not (name and told):
        found = read_source(source).content
        told = {**_told_in(found.value), **{key: value for key, value in told.items() if value}}
        if not (name or _known(told.get("architecture"))):
            told["architecture"] = _fitting(state_of(found, source)[0], source)
    chosen = name or told["architecture"]
    check_name(chosen)
    size = told.get("size")
    return Identity(chosen, size if isinstance(size, int) and size > 0 else None)


def usual_size(name: str) -> int:
    """Height and width of the images that timm's own weights for an architecture were trained on; 224 without any."""
    from timm.models import get_pretrained_cfg

    usual = get_pretrained_cfg(name)
    return int(usual.input_size[-1]) if usual else 224


def _told_in(content: Any) -> dict[str, Any]:
    """What timm's training script writes next to the weights."""
    if not isinstance(content, Mapping):
        return {}
    arguments = content.get("args")
    named = arguments.state if isinstance(arguments, Inert) else arguments if isinstance(arguments, Mapping) else {}
    shape = named.get("input_size")
    size = named.get("img_size") or (shape[-1] if isinstance(shape, list | tuple) and shape else None)
    return {"architecture": content["arch"] if _known(content.get("arch")) else named.get("model"), "size": size}


def _known(name: Any) -> bool:
    import timm

    return isinstance(name, str) and timm.is_model(name)


def _fitting(state: Any, source: str) -> str:
    found = list(fitting(state))
    if len(found) == 1:
        return found[0]
    why = f"fits several architectures ({', '.join(found)})" if found else "fits none of the usual architectures"
    raise InputError(f"{source}: {why}; name it, --architecture NAME, as timm does (timm.list_models())")
