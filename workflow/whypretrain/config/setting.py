"""What a paper's scope is held against: architectures, pre-training and data of a config, by kind and not by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Config = Mapping[str, Any]
Setting = Mapping[str, Mapping[str, str]]

_IMAGENET = re.compile(r"(?<![a-z])(in1k|in21k|in22k|in12k|imagenet1k)(?![a-z0-9])")
UNKNOWN = "unknown"


def setting_of(config: Config) -> dict[str, dict[str, str]]:
    """Architecture and pre-training of every network, and kind of every target.

    Returns:
        `architecture`: timm's name of each network without its weights' tag, and which options differ; `pretraining`:
        the kind of the source, or what the name of a checkpoint says; `data`: the kind of each target.

    Example:
        The default's are vit_tiny_patch16_224 (with options), resnet18 (with options), glyphs, and digits and glyphs.
    """
    grid, networks = config["grid"], {name: config["models"][name] for name in config["grid"]["architectures"]}
    return {
        "architecture": {name: _network(_described(model)) for name, model in networks.items()},
        "pretraining": {name: _pretraining(config, model) for name, model in networks.items()},
        "data": {name: config["datasets"][name]["kind"] for name in grid["targets"]},
    }


def _described(model: Config) -> Config:
    """The network of a model for images; of one for text its type, else its checkpoint."""
    if "architecture" in model:
        return model["architecture"]  # type: ignore[no-any-return]
    named = model.get("checkpoint") or model["encoder"].get("name") or "bert"
    return {"name": re.split(r"[:/]", named)[-1].partition("@")[0], "options": model["encoder"].get("options")}


def _network(network: Config) -> str:
    changed = sorted(network.get("options") or {}) + (["stem"] if network.get("stem", "standard") != "standard" else [])
    name = network["name"].partition(".")[0]
    return f"{name} (other {', '.join(changed)})" if changed else name


def _pretraining(config: Config, model: Config) -> str:
    source = config["grid"]["source"]
    if source:  # of a checkpoint, too: joint methods assume that it was trained on it
        return str(config["datasets"][source]["kind"])
    return "imagenet" if _IMAGENET.search((model.get("checkpoint") or "").lower()) else UNKNOWN
