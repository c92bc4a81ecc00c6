"""Synthetic tables with known answers, in the form of the experiment's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whypretrain.claims import Claim, Rule, load

ROOT = Path(__file__).parents[2]
Effect = Callable[[str, int], float]


@pytest.fixture(scope="session")
def shipped() -> tuple[Rule, list[Claim]]:
    """The rule and the claims that come with the project."""
    return load(ROOT / "workflow/whypretrain/resources/claims.yaml")


@pytest.fixture(scope="session")
def accuracies() -> Callable[..., pd.DataFrame]:
    """A maker of runs.csv: mean accuracy a method, plus seed noise."""

    def make(
        means: dict[str, float],
        *,
        seeds: Sequence[int] = (0, 1, 2),
        architectures: Sequence[str] = ("vit", "resnet"),
        targets: Sequence[str] = ("digits", "letters"),
        noise: float = 0.002,
    ) -> pd.DataFrame:
        random = np.random.default_rng(0)
        return pd.DataFrame(
            [
                {
                    "target": target,
                    "architecture": architecture,
                    "method": method,
                    "seed": seed,
                    "accuracy": mean + noise * random.normal(),
                }
                for architecture in architectures
                for target in targets
                for method, mean in means.items()
                for seed in seeds
            ]
        )

    return make


@pytest.fixture(scope="session")
def knowledge() -> Callable[..., pd.DataFrame]:
    """A maker of knowledge.csv: preserved share falling with order, scratch share fixed."""

    def make(*, preserved: float = 0.3, falls: bool = True, scratch: float = 0.25) -> pd.DataFrame:
        random = np.random.default_rng(0)
        keys = ["architecture", "target", "seed", "model", "sample", "normalised", "threshold", "order"]
        axes = [["vit"], ["digits"], range(3), ["finetune"], range(12), [True, False], [0.0, 0.05], range(1, 6)]
        rows = pd.MultiIndex.from_product(axes, names=keys).to_frame(index=False)
        share = preserved * (1 + (0.3 if falls else -0.3) * (3 - rows["order"]) / 3)
        rows["pre"] = random.uniform(0.5, 1.5, len(rows))
        rows["preserved"] = rows["pre"] * share * random.uniform(0.9, 1.1, len(rows))
        rows["discarded"] = rows["pre"] - rows["preserved"]
        rows["new"] = rows["preserved"] * (1 / share - 1)
        rows["tuned"] = rows["preserved"] + rows["new"]
        rows["scratch_shared"] = scratch * rows["preserved"] * random.uniform(0.9, 1.1, len(rows))
        return rows

    return make


@pytest.fixture(scope="session")
def published_layers() -> pd.DataFrame:
    """The papers' layer curves as layers.csv: three seeds a fraction of their printed precision apart."""
    curves = pd.read_csv(ROOT / "workflow/whypretrain/resources/published/invariances_layer_metrics.csv")
    kind = {"imagenet": "finetune", "random": "scratch_from_start"}
    curves["model"] = curves["pretraining"].map(kind).fillna("neighbour")
    curves.loc[curves["task"] == "reconstruction", "model"] = "reconstruct"
    curves["target"] = curves["target_dataset"]
    keys = ["target", "model", "layer"]
    wide = curves.pivot_table(index=keys, columns="metric", values="value").reset_index()
    wide = wide.rename(columns={"cka_div": "cka_divergence"}).assign(estimator="biased", architecture="vit")
    wide["corrected_forgetting"] = np.nan  # self values were not published
    seeds = [wide.assign(seed=seed) for seed in range(3)]
    for seed, table in enumerate(seeds):
        table[["forgetting", "learning", "cka_divergence"]] += (
            0.0001 * (seed - 1) * (table["layer"] % 2 * 2 - 1).to_numpy()[:, None]
        )
    return pd.concat(seeds, ignore_index=True)
