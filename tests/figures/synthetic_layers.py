"""Synthetic tables of invariances, with the columns, sizes and shapes of real ones."""

from __future__ import annotations

from itertools import product

import numpy as np

from whypretrain.figures.pictures import read as read_pictures


class SyntheticLayers:
    """What is measured layer by layer, for the grid of the experiment that this is part of."""

    def layers(self, depth=4):
        rows, controls = [], (0.98, 0.97, 0.02, 0.03)
        for (t, a, s), model, estimator in product(self.cells(), self.methods, ("biased", "unbiased")):
            for layer in range(1, depth + 1) if model != "probe" else ():
                high = 0.75 if model == "scratch" else 0.05 + 0.08 * layer
                noise = self.random.normal(0, 0.015, 3)
                values = [high + noise[0], high * 0.9 + noise[1], high * 0.5 + noise[2], *controls]
                rows.append((t, a, s, model, layer, estimator, *values, 0.2 + 0.02 * layer, 0.18 + 0.02 * layer))
        measured = ["forgetting", "learning", "cka_divergence", "self_pre", "self_tuned"]
        chance = ["permuted", "permuted_learning", "seed_level", "seed_level_learning"]
        columns = ["model", "layer", "estimator", *measured, *chance]
        return self.table(columns, rows)

    def divergence(self):
        columns = ["target", "architecture", "seed", "model", "layer", "estimator", "cka_divergence"]
        return self.layers()[columns].assign(cka_permuted=0.9)

    def changed_weights(self, depth=4):
        rows = []
        for (t, a, s), model in product(self.cells(), self.trained()):
            for layer in (np.nan, *range(1, depth + 1)):
                change = self.random.uniform(0.1, 0.5)
                rows.append((t, a, s, model, f"block {layer}", layer, change, 1.4, 1 - change, 10 + layer, 60.0))
        columns = ["model", "block", "layer", "relative_change", "unrelated_change", "cosine"]
        return self.table([*columns, "effective_rank", "random_rank"], rows)

    def changed_images(self, samples=4):
        rows = []
        for (t, a, s), model, sample in product(self.cells(), self.trained(), range(samples)):
            told = ("abcd"[sample], "a", 0.9 - 0.1 * sample, "a" if sample else "b", 0.8)
            rows.append((t, a, s, model, f"{sample:06d}", *told, 0.2 * sample, 0.3))
        columns = ["model", "sample", "class_name", "class_before", "probability_before", "class_after"]
        return self.table([*columns, "probability_after", "divergence", "chance"], rows)

    def trained(self):
        return [method for method in self.methods if method.startswith(("finetune", "mine"))]

    def flow(self, depth=4):
        rows = []
        for (t, a, s), model in product(self.cells(), self.methods):
            for i, j in product(range(1, depth + 1), repeat=2):
                null = -0.05 * abs(i - j) ** 1.3
                flow = null + 0.03 * (j < i) * (i != j) + self.random.normal(0, 0.004) * (i != j)
                rows.append((t, a, s, model, "biased", i, j, flow, null, flow - null))
        columns = ["model", "estimator", "reference_layer", "tested_layer", "flow", "null_flow", "excess"]
        return self.table(columns, rows)

    def layer_dynamics(self, depth=4):
        rows = []
        for (t, a, s), step in product(self.cells(), (0, 1, 5, 20, 60)):
            share = (step / 60) ** 0.5
            for layer, metric in product(range(1, depth + 1), ("forgetting", "cka_divergence")):
                value = 0.02 + share * 0.05 * layer + self.random.normal(0, 0.003)
                rows.append((t, a, s, "finetune", step, metric, layer, "biased", value))
            rows.append((t, a, s, "finetune", step, "accuracy", 0, "none", 0.1 + 0.8 * share))
        columns = ["model", "step", "metric", "layer", "estimator", "value"]
        return self.table(columns, rows)

    def corrupted(self):
        rows = [
            (t, a, s, "finetune", step, "blur" if severity else "none", severity, 0.1 + 0.015 * step / (1 + severity))
            for (t, a, s), step, severity in product(self.cells(), (0, 1, 5, 20, 60), range(6))
        ]
        return self.table(["model", "step", "corruption", "severity", "accuracy"], rows)

    def robustness(self):
        rows = [
            (t, a, s, "finetune", "biased", first, left, 0.9 - 0.1 * first, 0.05)
            for (t, a, s), (first, left) in product(self.cells(), ((1, 4), (5, 3)))
        ]
        return self.table(["model", "estimator", "first_step", "checkpoints", "pearson_r", "p"], rows)

    def pictures(self, folder, layers=4, size=16):
        """Files of pictures, one a target and architecture, read back."""
        models = ["pretrained", *(method for method in self.methods if method != "probe")]
        x = np.linspace(-1, 1, size)
        radius = np.hypot(x, x[:, None])
        images = np.stack([255 * (np.abs(radius - r) < 0.2) for r in (0.4, 0.6, 0.8)])[:, None]
        mix = np.linspace(0.1, 0.8, layers)[:, None, None, None, None]
        found = []
        for t, a in product(self.targets, self.architectures):
            path = folder / t / a / "0" / "pictures.npz"
            path.parent.mkdir(parents=True, exist_ok=True)
            arrays = {"images": images, "noise": self.random.integers(0, 256, images.shape)}
            for model in models:
                noise = self.random.integers(0, 256, (layers, *images.shape))
                arrays[model] = (1 - mix) * images + mix * noise
            np.savez(path, **{name: array.astype(np.uint8) for name, array in arrays.items()})
            found.append(read_pictures(path))
        return found
