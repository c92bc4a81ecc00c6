"""Synthetic tables with the columns, sizes and shapes of real ones, to draw figures from."""

from __future__ import annotations

import json
from itertools import product
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
from synthetic_degrees import SyntheticDegrees
from synthetic_layers import SyntheticLayers
from synthetic_text import of_figure, text_tables

from whypretrain.data import ImageSet
from whypretrain.figures import Settings, drawing
from whypretrain.figures.pictures import Pictures
from whypretrain.figures.players import read as read_players

ARCHITECTURES, TARGETS, SEEDS = ("vit", "resnet"), ("digits", "letters"), (0, 1, 2)
METHODS = ("probe", "finetune", "scratch", "joint_uot", "joint_random")
PUBLISHED = Path(__file__).parents[2] / "workflow/whypretrain/resources/published"
PUBLISHED_FILES = {
    "published_uot": "uot_published.csv",
    "published_interactions": "interactions_published.csv",
    "published_layers": "invariances_layer_metrics.csv",
    "published_flow": "invariances_flow.csv",
    "published_dynamics": "invariances_dynamics.csv",
    "published_growing": "invariances_fig14.csv",
    "published_correlations": "invariances_layer_correlations.csv",
    "published_accuracy": "invariances_table1.csv",
}
_LEVEL = {"probe": 0.87, "finetune": 0.94, "scratch": 0.89, "joint_uot": 0.955, "joint_random": 0.935}
RULES = ("uot", "vote", "nearest", "round_robin", "mean", "balanced_ot", "partial_ot", "random")
_CONCEPTS = ["latin"] * 40 + ["greek"] * 20 + ["cyrillic"] * 18 + ["arrows"] * 8 + ["symbols"] * 6


class Synthetic(SyntheticLayers, SyntheticDegrees):
    """All tables of one experiment; its grid can be narrowed to see what figures do then."""

    def __init__(self, architectures=ARCHITECTURES, targets=TARGETS, methods=METHODS, seeds=SEEDS):
        self.architectures, self.targets, self.methods, self.seeds = architectures, targets, methods, seeds
        self.random = np.random.default_rng(0)

    def cells(self):
        return product(self.targets, self.architectures, self.seeds)

    def table(self, columns, rows):
        return pd.DataFrame(rows, columns=["target", "architecture", "seed", *columns])

    def runs(self):
        rows = [
            (t, a, s, m, min(1, _LEVEL.get(m, 0.9) - 0.05 * (t == "letters") + self.random.normal(0, 0.008)))
            for (t, a, s), m in product(self.cells(), self.methods)
        ]
        return self.table(["method", "accuracy"], rows)

    def pretraining(self):
        rows = [("glyphs", a, s, 0.8 + 0.01 * s) for a, s in product(self.architectures, self.seeds)]
        return pd.DataFrame(rows, columns=["source", "architecture", "seed", "accuracy"])

    def select(self, top=20):
        rows = []
        for (t, a, s), rule in product(self.cells(), RULES):
            similar = {"digits": "latin", "letters": "cyrillic"}.get(t, "greek")
            close = np.array([c == similar for c in _CONCEPTS]) * (rule != "random")
            score = 0.5 * close + self.random.random(len(_CONCEPTS))
            order = np.argsort(-score)
            rows += [
                (t, a, s, rule, rank, k, f"{_CONCEPTS[k]}_{k}", _CONCEPTS[k], score[k], rank <= top)
                for rank, k in enumerate(order, 1)
            ]
        columns = ["rule", "rank", "class_index", "class_name", "concept", "score", "selected"]
        return self.table(columns, rows)

    def knowledge(self, players=10, samples=8):
        rows = []
        models = [method for method in self.methods if method.startswith(("finetune", "joint", "mine"))]
        for (t, a, s), model, sample, order in product(self.cells(), models, range(samples), range(1, players + 1)):
            strength = comb(players, order) ** 0.7 * self.random.gamma(4, 0.02)
            preserved = strength * max(0.02, 0.5 - 0.045 * order) * (1.2 if model == "joint_uot" else 1)
            new = strength * (0.3 + 0.05 * order)
            scratch = preserved * self.random.uniform(0.15, 0.4) if "scratch" in self.methods else np.nan
            measures = (strength, preserved + new, preserved, strength - preserved, new, scratch)
            rows.append((t, a, s, model, sample, True, 0.05, order, *measures))
        columns = [
            "model",
            "sample",
            "normalised",
            "threshold",
            "order",
            "pre",
            "tuned",
            "preserved",
            "discarded",
            "new",
            "scratch_shared",
        ]
        return self.table(columns, rows)

    def similarity(self):
        rows = []
        steps = {"finetune": (0, 5, 10, 20, 40, 80, 150), "scratch": (0, 10, 20, 40, 80, 160, 320, 600)}
        for (t, a, s), method, group in product(self.cells(), steps, ("all", "low", "mid", "high")):
            if method not in self.methods:
                continue
            for step in steps[method]:
                part = (step / steps[method][-1]) ** (0.5 if method == "finetune" else 1.2)
                value = min(1, part * (1 - 0.1 * self.random.random())) if part < 1 else 1.0
                rows.append((t, a, s, method, step, group, value))
        return self.table(["method", "step", "group", "similarity"], rows)

    def sparsity(self):
        rows = []
        for (t, a, s), model in product(self.cells(), self.methods):
            scale = 12 + self.random.random() + 4 * (model == "scratch")
            rows += [(t, a, s, model, f, float(np.exp(-scale * f**0.5))) for f in np.linspace(0, 1, 101)]
        return self.table(["model", "rank_fraction", "strength"], rows)

    def controls(self):
        kinds = {"self": 1, "finetune_vs_finetune": 0.62, "scratch_vs_scratch": 0.3, "other_image": 0.06,
                 "finetune_vs_scratch": 0.3}  # fmt: skip
        rows = [
            (t, a, kind, i, i + 1, *np.clip(level + self.random.normal(0, 0.02, 3), 0, 1))
            for t, a, (kind, level), i in product(self.targets, self.architectures, kinds.items(), range(3))
        ]
        shares = ["share", "new_share", "of_preserved"]
        return pd.DataFrame(rows, columns=["target", "architecture", "kind", "seed_a", "seed_b", *shares])

    def matching(self):
        rows = [
            (t, a, s, m, threshold, 3 / threshold, 0.02 + 2 * threshold)
            for (t, a, s), m, threshold in product(self.cells(), self.methods, (0.01, 0.05, 0.1))
        ]
        return self.table(["model", "threshold", "salient_per_sample", "matching_error"], rows)

    def sensitivity(self):
        games = [("probe", 10, "default"), ("probe", 8, "default"), ("probe_paper", 10, "default"),
                 ("probe", 10, "zero")]  # fmt: skip
        rows = [
            (t, a, s, m, *game, threshold, normalised, 0.4 - threshold, 0.6, 0.3 + 0.1 * normalised)
            for (t, a, s), m, game, threshold, normalised in product(
                self.cells(), self.methods, games, (0.0, 0.05, 0.1), (True, False)
            )
        ]
        settings = ["reference", "players", "variant", "threshold", "normalised"]
        return self.table(["model", *settings, "preserve_share", "new_share", "scratch_ratio"], rows)

    def strongest(self, samples=4):
        rows = []
        models = [method for method in self.methods if method != "probe"]
        for (t, a, s), model, sample, kind, rank in product(
            self.cells(), models, range(samples), ("preserved", "discarded", "new"), (1, 2)
        ):
            change = self.random.gamma(3, 0.4)
            rows.append((t, a, s, model, f"{sample:06d}", kind, rank, 5 * rank, 2, 0.3 / rank, change, change / 2))
        columns = ["model", "sample", "kind", "rank", "coalition", "order", "effect", "change", "random_change"]
        return self.table(columns, rows)

    def players(self, folder, samples=4):
        """An archive of four quarters as players for each target, read back."""
        ids = [f"{sample:06d}" for sample in range(samples)]
        owner = np.kron(np.array([[[0, 1], [2, 3]]]), np.ones((samples, 4, 4))).astype(np.int16)
        found = []
        for target in self.targets:
            about = json.dumps({"target": target, "samples": ids})
            np.savez(folder / f"{target}.npz", owner=owner, about=np.array(about))
            found.append(read_players(folder / f"{target}.npz"))
        return found

    def target_data(self, samples=4):
        manifest = pd.DataFrame({
            "id": [f"{sample:06d}" for sample in range(samples)], "split": "test", "label": range(samples),
            "class_name": [*"abcd"[:samples]], "concept": "x", "origin": "x",
        })  # fmt: skip
        images = self.random.integers(0, 256, (samples, 1, 8, 8)).astype(np.uint8)
        return {target: ImageSet(images, manifest) for target in self.targets}

    def across(self):
        rows = []
        for (t, a, s), method in product(self.cells(), self.methods):
            high = 0.75 if method == "scratch" else 0.2
            lost = [high * part + self.random.normal(0, 0.01) for part in (0.5, 1, 0.3, 0.6)]
            measured = [1 - high + 0.02 * s, *lost] if method != "probe" else [np.nan] * 5
            rows.append((t, a, s, method, method.removeprefix("joint_"), _LEVEL.get(method, 0.9) + 0.01 * s, *measured))
        measures = ["preserved", "forgetting_early", "forgetting_late", "cka_early", "cka_late"]
        return self.table(["method", "joint", "accuracy", *measures], rows)

    def all(self, folder) -> dict[str, pd.DataFrame | list[Pictures]]:
        """Every table that figures know, by name."""
        names = (
            "runs",
            "pretraining",
            "select",
            "knowledge",
            "similarity",
            "sparsity",
            "controls",
            "agreement",
            "agreement_dynamics",
            "commonality",
            "permutation_null",
            "strongest",
            "matching",
            "sensitivity",
            "layers",
            "starts",
            "predictors",
            "changed_weights",
            "changed_images",
            "flow",
            "across",
            "scale",
            "validity",
            "divergence",
            "layer_dynamics",
            "corrupted",
            "robustness",
        )
        published = {name: pd.read_csv(PUBLISHED / file) for name, file in PUBLISHED_FILES.items()}
        return {
            **{name: getattr(self, name)() for name in names},
            "pictures": self.pictures(folder),
            "players": self.players(folder),
            "target_data": self.target_data(),
            **text_tables(folder, self.targets),
            **published,
        }


def shown(name, given, **options):
    """The table of what a figure shows."""
    return drawing.draw(name, of_figure(name, given), Settings(resamples=50, **options))[1]


def one(table, **values):
    """The single row with these values."""
    for column, value in values.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]
