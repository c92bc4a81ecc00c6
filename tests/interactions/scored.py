"""Three small networks and what the scoring stage finds of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch

from whypretrain import data, models
from whypretrain.interactions import games
from whypretrain.models import Architecture
from whypretrain.stages import score

VIT = Architecture(
    name="vit_tiny_patch16_224",
    size=8,
    channels=1,
    options={"patch_size": 4, "embed_dim": 12, "depth": 1, "num_heads": 2, "mlp_ratio": 2},
)
CLASSES = ["a", "b", "c"]
CONFIG = {
    "controls": ["reinitialised"],
    "players": 3,
    "grid": 2,
    "samples": 6,
    "checkpoint_samples": 2,
    "batch_size": 16,
}
CONFIG |= {"dynamics": ["finetune", "scratch"], "controls": ["reinitialised"]}


def make_models(root: Path) -> Path:
    """Three classes of noise images, and untrained networks: a probe, its exact copy as fine-tuned, and another one."""
    random, labels = np.random.default_rng(0), np.arange(30) % 3
    pixels = random.integers(0, 256, size=(30, 1, 8, 8), dtype=np.uint8)
    images = data.assemble(
        pixels, labels, test=np.arange(30) >= 12, classes=CLASSES, concepts=CLASSES, origins=[""] * 30
    )
    data.save(images, root / "data")
    for name, seed in {"probe": 1, "finetune": 1, "scratch": 2}.items():
        network = models.build(VIT, CLASSES, seed=seed).eval()
        network.head.weight.data *= 50
        models.save(network, root / name, {})
        states = {}
        for step in (0, 10):
            network.head.weight.data *= 1 if step else 0.5
            states |= {f"{step}/{key}": value.clone() for key, value in network.state_dict().items()}
            network.head.weight.data *= 1 if step else 2
        safetensors.torch.save_file(states, root / name / "checkpoints.safetensors")
    return root


def run_score(
    results: Path, out: Path, *names: str, target: str = "noise", seed: int = 0, more: Sequence[str] = (), **config: Any
) -> None:
    names = names or ("probe", "finetune", "scratch")
    chosen = [name if "=" in name else f"{name}={results / name}" for name in names]
    settings = json.dumps(CONFIG | config)
    run = ["--target", target, "--architecture", "vit", "--seed", str(seed)]
    places = ["--data", str(results / "data"), "--models", *chosen, "--out", str(out)]
    score.main(["--config", settings, *run, *places, *more])


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many networks each later call of the scorer is given; it scores as before."""
    asked: list[int] = []
    real = games.score_coalitions

    def counting(networks, **options):
        asked.append(len(networks))
        return real(networks, **options)

    monkeypatch.setattr(games, "score_coalitions", counting)
    return asked
