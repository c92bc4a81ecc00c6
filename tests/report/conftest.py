"""A small experiment's folder, as the workflow leaves it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from whypretrain.claims import decide, load, write_verdicts
from whypretrain.figures import FIGURES
from whypretrain.runtime.files import write_json, write_table

CLAIMS = Path(__file__).parents[2] / "workflow/whypretrain/resources/claims.yaml"
NAMES = list(FIGURES)
CONFIG: dict[str, Any] = {
    "experiment": "tiny",
    "grid": {
        "source": "glyphs",
        "targets": ["digits", "letters"],
        "architectures": ["vit", "resnet"],
        "methods": ["finetune", "scratch", "joint_uot", "joint_random", "probe"],
        "seeds": [0, 1, 2],
    },
    "statistics": {"confidence": 0.9, "resamples": 100},
}


def _runs(config: dict[str, Any]) -> pd.DataFrame:
    random, grid = np.random.default_rng(0), config["grid"]
    keys = ["target", "architecture", "method", "seed"]
    axes = [grid["targets"], grid["architectures"], grid["methods"], grid["seeds"]]
    rows = pd.MultiIndex.from_product(axes, names=keys).to_frame(index=False)
    base = {"finetune": 0.93, "scratch": 0.7, "joint_uot": 0.94, "joint_random": 0.94, "probe": 0.87}
    return rows.assign(accuracy=rows["method"].map(base) + random.normal(0, 0.003, len(rows)))


def _draw(folder: Path, name: str) -> None:
    with mpl.rc_context({"svg.hashsalt": name}):
        figure = Figure(figsize=(7, 3), layout="constrained")
        axis = figure.subplots()
        axis.plot(np.sin(np.arange(20) + len(name)), marker="o")
        axis.set_title(name)
        for suffix in ("svg", "png", "pdf"):
            dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
            figure.savefig(folder / f"{name}.{suffix}", metadata=dates[suffix])
    table = pd.DataFrame({"order": range(60), "share": np.linspace(-1, 1, 60), "kind": "<b>new</b>"})
    write_table(folder / f"{name}.csv", table)


@pytest.fixture(scope="session")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A maker of results folders; `config` decides what was crossed, `figures` which are drawn."""

    folder = tmp_path_factory.mktemp("drawn")

    def drawn(names: list[str]) -> Iterator[Path]:
        for name in names:
            if not (folder / f"{name}.csv").exists():
                _draw(folder, name)
            yield from folder.glob(f"{name}.*")

    def make(config: dict[str, Any] = CONFIG, figures: list[str] = NAMES) -> Path:
        results = tmp_path_factory.mktemp("results")
        runs = _runs(config)
        write_table(results / "train/runs.csv", runs)
        rule, claims = load(CLAIMS)
        write_verdicts(results / "claims.csv", decide(claims, {"runs": runs}, rule, resamples=50))
        for name in ("glyphs", *config["grid"]["targets"]):
            about = {"classes": ["a", "<i>"], "shape": [1, 16, 16], "counts": {"train": [5, 6], "test": [40, 41]}}
            files = {"found": 95, "images": 92, "left_out": {".heic": 3}} if name == "digits" else {}
            more = {"source": f"{name} & co", "images_sha256": "d1" * 32, "files": files, "images": 92, "constant": 2}
            write_json(results / "data" / name / "data.json", {**about, **more})
        write_json(results / "pretrain/vit/0/model.json", {"architecture": {"mean": [0.5], "std": [0.25]}})
        write_json(results / "train/digits/vit/probe/0/model.json", {"sha256": "e2" * 32})
        for name, seconds in (("train/a", 12.5), ("train/b", 2.5), ("claims", 1.0)):
            log = results / "logs" / f"{name}.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(f"a warning\ncomputed {seconds} s\n" if name != "claims" else "killed\n")
            path = results / "benchmarks" / f"{name}.tsv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"s\th:m:s\tmax_rss\tcpu_time\n{seconds}\t0:00:01\t-\t1\n{seconds}\t0:00:01\t321.5\t1\n")
        (results / "figures").mkdir()
        for path in drawn(figures):
            shutil.copy(path, results / "figures")
        return results

    return make


@pytest.fixture(scope="session")
def results(experiment: Callable[..., Path]) -> Path:
    """The folder of a complete experiment."""
    return experiment()
