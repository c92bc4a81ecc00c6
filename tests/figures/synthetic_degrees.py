"""Synthetic tables of agreement by degree."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

DEGREES = [*map(str, range(1, 9)), "all"]
_LEVEL = {"finetune": 0.7, "joint_uot": 0.75, "joint_random": 0.72, "scratch": 0.4, "reinitialised": 0.0}
_LEVEL |= {"reinitialised_probe": 0.1, "sham": 0.9}
_CONTROLS = ["reinitialised", "reinitialised_probe", "sham"]
_STEPS = {"finetune": (0, 5, 10, 20, 40, 80, 150), "scratch": (0, 10, 20, 40, 80, 160, 320, 600)}


class SyntheticDegrees:
    """The part of `Synthetic` that is about degrees."""

    def agreement(self):
        models = [*(method for method in self.methods if method != "probe"), *_CONTROLS]
        rows = []
        for t, a, s in self.cells():
            pairs = [(f"probe_vs_{model}", model, _LEVEL.get(model, 0.5)) for model in models]
            pairs += [("self", "probe", 1.0), ("other_image", "finetune", 0.3)]
            for (kind, b, start), degree in product(pairs, DEGREES):
                value = 1.0 if kind == "self" else _level(degree, start) + self.random.normal(0, 0.02)
                rows.append((kind, t, a, s, s, "probe", b, degree, value))
            rows.append(("finetune_vs_scratch", t, a, s, s, "finetune", "scratch", "all", 0.5))
        columns = ["kind", "target", "architecture", "seed_a", "seed_b", "a", "b", "degree", "agreement"]
        return pd.DataFrame(rows, columns=columns)

    def scale(self):
        rows = []
        cells = [("all", "all"), *dict.fromkeys((a, t) for t, a, _ in self.cells())]
        for (a, t), method, metric in product(cells, self.methods, ("CKA", "preserved share", "agreement, degree 9")):
            value = _LEVEL.get(method, 0.5) if metric != "agreement, degree 9" else float("nan")
            note = "" if value == value else "no ceiling: not run is sham fine-tuning"
            seeds = len({s for _, _, s in self.cells()})
            low, high = (value - 0.1, value + 0.1) if seeds > 1 else [float("nan")] * 2
            rows.append((metric, method, a, t, value, low, high, "permuted", "itself", note, seeds))
        columns = ["metric", "model", "architecture", "target", "excess", "low", "high", "floor_is", "ceiling_is"]
        return pd.DataFrame(rows, columns=[*columns, "note", "n_seeds"])

    def validity(self):
        rows = []
        metrics = ("preserved share", "agreement, all degrees", "forgetting", "CKA divergence")
        for (t, a, s), metric, dose in product(self.cells(), metrics, (0.0, 0.5, 1.0)):
            value = 0.5 * dose + 0.01 * s
            rows.append((t, a, s, "noise on weights", False, dose, metric, value, value))
            rows.append((t, a, s, "units permuted", True, dose, metric, 0.2, 1e-6))
        return self.table(["intervention", "placebo", "dose", "metric", "value", "moved"], rows)

    def agreement_dynamics(self):
        rows = []
        methods = [method for method in _STEPS if method in self.methods]
        for (t, a, s), method, towards, degree in product(self.cells(), methods, ("final", "pretrained"), DEGREES):
            for step in _STEPS[method]:
                part = (step / _STEPS[method][-1]) ** 0.5
                value = part if towards == "final" else 1 - 0.5 * part if method == "finetune" else 0.3 * part
                noise = self.random.normal(0, 0.01) if part < 1 else 0
                rows.append((t, a, s, method, step, towards, degree, value + noise))
        return self.table(["method", "step", "towards", "degree", "agreement"], rows)

    def commonality(self):
        rows = []
        models = [method for method in self.methods if method not in ("probe", "scratch")]
        for (t, a, s), model, degree in product(self.cells(), models, DEGREES):
            unique = _level(degree, 0.4) + self.random.normal(0, 0.01)
            common = -0.05 if degree == "4" else 0.1
            rows.append((t, a, s, model, degree, unique, common, 0.02, 1 - unique - common - 0.02))
        return self.table(["model", "degree", "unique_pretrained", "common", "unique_scratch", "new"], rows)

    def permutation_null(self):
        orders = [*map(str, range(1, 11)), "all"]
        measures = {"share": (0.3, 0.2), "scratch_ratio": (0.3, 0.25), "of_preserved": (0.4, 0.3)}
        rows = [
            (t, a, s, "finetune", measure, order, *levels)
            for (t, a, s), (measure, levels), order in product(self.cells(), measures.items(), orders)
        ]
        rows += [
            (t, a, s, model, "share", order, 0.28, 0.27)
            for (t, a, s), model, order in product(self.cells(), ["scratch", *_CONTROLS], orders)
        ]
        return self.table(["model", "measure", "order", "measured", "chance"], rows)

    def starts(self):
        rows = [(t, a, s, *(0.2 + 0.6 * self.random.random(2))) for t, a, s in self.cells()]
        return self.table(["finetuned", "probe"], rows)

    def predictors(self):
        columns = ["measure", "known", "starts", "targets", "correlation", "beyond", "adds"]
        rows = [
            ("probe", "before", 12, 3, 0.9, np.nan, np.nan),
            ("logme", "before", 12, 3, 0.7, -0.1, False),
            ("agreement_all", "after", 12, 3, 0.8, 0.5, True),
        ]
        table = pd.DataFrame(rows, columns=columns)
        bounds = {
            f"{name}_{side}": table[name] + reach
            for name in columns[4:6]
            for side, reach in (("low", -0.2), ("high", 0.1))
        }
        return table.assign(**bounds)


def _level(degree, start):
    return start if degree == "all" else start / float(degree)
