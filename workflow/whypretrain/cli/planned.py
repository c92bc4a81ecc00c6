"""The small experiment that compares a fine-tuned model with the pre-trained one: its config, and what it costs."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whypretrain.errors import InputError

#: Of photographs without a split, the fraction that is held out, and the most that are used of each split.
_HELD_OUT, _MOST = 0.5, {"train_size": 2000, "test_size": 1000}
_PLAYERS, _SAMPLES, _CHECKPOINT_SAMPLES = 8, 16, 4  # scored: 2^8 masked copies of an image
_IMAGES, _REPEATS, _STEPS = 20, 3, 20  # inverted: the draws give the intervals
_LEAST = 4  # test images
_JOBS, _START = 36, 5.0  # jobs of the experiment, and seconds that a process takes to start
_BATCH, _SPARE = 32, 1.5  # of the timing; what forward passes alone do not count


@dataclass(frozen=True)
class Comparison:
    """What is compared on which pictures.

    Attributes:
        name: of the experiment.
        architecture: timm's name of both models.
        size: height and width of the images in pixels.
        before, after: sources of the pre-trained and the fine-tuned model.
        checkpoint_files: pattern of what the fine-tuning saved on its way.
        data: folder of pictures, one folder a class.
        pictures: whether the report may show images.
    """

    name: str
    architecture: str
    size: int
    before: str
    after: str
    checkpoint_files: str | None
    data: Path
    pictures: bool = True


@dataclass(frozen=True)
class Planned:
    """The config of a comparison, and what will be done.

    Attributes:
        config: what differs from config/default.yaml.
        steps: what is done, a line each.
        seconds: roughly, on so many cores.
    """

    config: dict[str, Any]
    steps: list[str]
    seconds: float


def planned(given: Comparison, cores: int) -> Planned:
    """Count the pictures, load both models, time a forward pass, and lay the experiment out.

    Raises:
        InputError: if a model or the pictures cannot be read, do not fit each other, or are too few.
    """
    from whypretrain.config.recipe import Imported
    from whypretrain.data.build import build
    from whypretrain.models import Architecture, import_checkpoint

    data: dict[str, Any] = {"kind": "imagefolder", "root": str(given.data), "test_fraction": _HELD_OUT}
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", given.data.resolve().name).lstrip(".-") or "pictures"
    found = build(name, data, size=8, channels=3, seed=0, decode=False)
    counts = {f"{split}_size": len(found.rows(split)) for split in ("train", "test")}
    fewer = {key: most for key, most in _MOST.items() if counts[key] > most}
    train, test = (min(counts[key], most) for key, most in _MOST.items())
    if test < _LEAST:
        raise InputError(f"{given.data}: {test} test images are too few to compare models on; give at least {_LEAST}")
    network = Architecture(given.architecture, given.size, 3)
    model, _ = import_checkpoint(network, given.after, found.classes, head_needed=True)
    import_checkpoint(network, given.before, found.classes)
    imported = {"weights": given.after, "checkpoint_files": given.checkpoint_files}
    method = {key: value for key, value in imported.items() if value}
    checkpoints = len(Imported.of(method).places()) - given.after.startswith("file:")
    samples, images = min(_SAMPLES, test), min(_IMAGES, test)
    config = {
        "experiment": given.name,
        "grid": {
            "source": None,
            "targets": [name],
            "architectures": ["net"],
            "methods": ["probe", "finetuned"],
            "seeds": [0],
        },
        "image": {"size": given.size, "channels": 3},
        "datasets": {name: {**data, **fewer}},
        "models": {"net": {"architecture": {"name": given.architecture}, "checkpoint": given.before}},
        "train": {"jobs": [], "methods": {"finetuned": method}},
        "interactions": {"score": {"players": _PLAYERS, "samples": samples}},
        "invariances": {"images": images, "repeats": _REPEATS, "steps": _STEPS},
        "figures": {"estimator": "unbiased"},  # whose chance level is known
        "report": {"pictures": given.pictures},
    }
    masked = (4 * samples + checkpoints * min(_CHECKPOINT_SAMPLES, samples)) * 2**_PLAYERS
    seconds = _seconds(model, network, masked, images, cores)
    return Planned(config, list(_steps(given, train, test, checkpoints)), seconds)


def _steps(given: Comparison, train: int, test: int, checkpoints: int) -> list[str]:
    followed = f", and {checkpoints} checkpoints of its training" if checkpoints else ""
    return [
        f"{given.architecture} at {given.size} px: {given.before} before, {given.after} after{followed}",
        f"pictures: {train} to train a linear probe on, which stands for the pre-trained model; {test} to compare on",
        f"agreement and interactions: {2**_PLAYERS} masked copies of up to {_SAMPLES} images; two controls",
        f"forgetting and learning by layer: {_REPEATS} draws of up to {_IMAGES} images, inverted at every block",
        "the images on which the two disagree most; changes of weights, and whether they predict forgetting",
        "intervals are over images: one model of each kind gives no verdict over seeds",
    ]


def _seconds(model: Any, network: Any, masked: int, images: int, cores: int) -> float:
    """From the time of forward passes here and now: masked images, and inversions of every block of both models."""
    import torch

    from whypretrain.models.cost import cost

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as every job has
    batch = torch.zeros(_BATCH, 3, network.size, network.size, device=next(model.parameters()).device)
    with torch.inference_mode():
        model(batch[:1])
        start = time.perf_counter()
        float(model(batch).sum())
        one = (time.perf_counter() - start) / _BATCH
    torch.set_num_threads(threads)
    counted = cost(network, len(model.classes))
    inverted = 2 * images * _REPEATS * _STEPS * sum(3 * upto / counted.forward for upto in counted.upto)
    longest, work = max(masked, inverted) * one, (masked + inverted) * one
    return _SPARE * max(longest, work / cores) + _JOBS * _START / cores
