"""Forward passes a second by batch size, and the size that the package takes: `python -m benchmarks.batches`.

One thread; all sizes in turn, the fastest of each. `of_best` is the rate at the size that `models.forward_batch` takes,
relative to the best of the sizes. About a minute.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch

from whypretrain import models
from whypretrain.models import Architecture
from whypretrain.runtime import files

SIZES = (8, 16, 32, 64, 128, 256)
NETWORKS = {"tf_efficientnet_lite0": 96, "vit_small_patch14_dinov2": 98, "resnet18": 64, "convnext_atto": 96}


def rates(name: str, size: int, seconds: float) -> Iterator[dict[str, object]]:
    """One row a batch size."""
    model = models.build(Architecture.from_dict({"name": name, "size": size, "channels": 3}), ["a", "b"], seed=0).eval()
    chosen = models.forward_batch(model)
    inputs = {
        number: models.as_input(torch.zeros(number, 3, size, size, dtype=torch.uint8).numpy()) for number in SIZES
    }
    best = dict.fromkeys(SIZES, float("inf"))
    until = time.monotonic() + seconds
    with torch.inference_mode():
        while time.monotonic() < until or max(best.values()) == float("inf"):
            for number, images in inputs.items():
                start = time.perf_counter()
                model(images)
                best[number] = min(best[number], (time.perf_counter() - start) / number)
    top = min(best.values())
    for number, one in best.items():
        row = {"network": name, "size": size, "batch": number, "per_second": 1 / one}
        yield {**row, "chosen": number == chosen, "of_best": top / one}


def main() -> None:
    """Measure and print; the table goes to `--out`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks/batches.csv"), help="table to write")
    parser.add_argument("--seconds", type=float, default=15.0, help="for each network")
    found = parser.parse_args()
    torch.set_num_threads(1)
    table = pd.DataFrame([row for name, size in NETWORKS.items() for row in rates(name, size, found.seconds)])
    files.write_table(found.out, table)
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3g}"))


if __name__ == "__main__":
    main()
