"""What an experiment costs before anything runs, stage by stage: jobs, operations, GPU hours, bytes, peak memory.

    snakemake --cores 1 plan --configfile config/papers/uot.yaml

Operations are counted by torch on tensors without memory, for the models and images of the config; a GPU is assumed to
sustain `plan.flops` of them a second. Memory is that of the largest job, on one of its GPUs: weights, gradients, the
optimiser's two moments and what the backward pass needs of a batch, float32. Tables, figures and the report cost
seconds and are counted as jobs alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import Any

import deciding
from jobs import jobs
from needs import Need, Planned, together
from reading import Reading

from whypretrain.config.grid import data_sets
from whypretrain.errors import InputError
from whypretrain.provenance import located
from whypretrain.runtime.files import atomic
from whypretrain.stages._run import fail

_ORDER = (
    *("data", "pretrain", "features", "select", "train", "derive", "interactions", "invariances"),
    *("validity", "claims", "starts", "figures", "joint", "report", "Snakefile"),
)
_COLUMNS = {  # width and digits
    **{"PFLOP": (12, 3), "GPU hours": (11, 2), "longest": (9, 2)},
    **{"read, GB": (10, 2), "disk, GB": (10, 2), "memory, GB": (12, 2)},
}


def table(config: dict[str, Any], found: list[dict[str, Any]]) -> str:
    """The plan as lines of text: a row a rule, the sum, what was assumed, what is not there yet."""
    planned, assumed = Planned(config), config["plan"]["flops"]
    needs: dict[str, list[Need]] = {}
    read, reading = Counter[str](), Reading(planned, found)
    for job in sorted(found, key=lambda job: (_ORDER.index(Path(job["file"]).stem), job["rule"])):
        needs.setdefault(job["rule"], []).append(planned.need(job))
        read[job["rule"]] += round(reading.of(job))
    read["together"] = read.total()
    lines = [f"{'rule':<24}{'jobs':>6}" + "".join(f"{name:>{width}}" for name, (width, _) in _COLUMNS.items())]
    everything = {**needs, "together": [need for each in needs.values() for need in each]}
    for rule, each in everything.items():
        whole, longest = together(each), max(need.flops for need in each)
        hours = whole.flops / assumed / 3600, longest / assumed / 3600
        values = whole.flops / 1e15, *hours, read[rule] / 1e9, whole.disk / 1e9, whole.memory / 1e9
        shown = zip(values, _COLUMNS.values(), strict=True)
        lines.append(f"{rule:<24}{len(each):>6}" + "".join(f"{value:>{width}.{n}f}" for value, (width, n) in shown))
    lines.append(
        f"GPU hours at {assumed / 1e12:g} TFLOP/s sustained (plan.flops), of all jobs and of the longest; "
        "memory is that of the largest."
    )
    if (gpus := config["train"].get("gpus", 1)) > 1:
        lines.append(f"A training takes {gpus} GPUs at a time (train.gpus); its memory is that of each.")
    specs = [config["datasets"][name] for name in data_sets(config["grid"])]
    absent = [spec["root"] for spec in specs if spec.get("root") and not located(spec["root"]).is_dir()]
    if absent:
        lines.append(f"Not there yet: {', '.join(absent)}; `whypretrain datasets` shows where to get them.")
    return "\n".join(lines)


def work(config: dict[str, Any], found: list[dict[str, Any]]) -> dict[str, float]:
    """Operations of one job by rule, of the rules whose jobs compute."""
    planned = Planned(config)
    needs: dict[str, list[float]] = {}
    for job in found:
        needs.setdefault(job["rule"], []).append(planned.need(job).flops)
    return {rule: mean for rule, each in needs.items() if (mean := fmean(each))}


def _hours(config: dict[str, Any], found: list[dict[str, Any]]) -> float:
    """GPU hours of all jobs."""
    planned = Planned(config)
    return sum(planned.need(job).flops for job in found) / config["plan"]["flops"] / 3600


def main() -> None:
    """Print the plan of the config that is given as JSON text; or write the operations by rule to a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help="the whole config as JSON")
    parser.add_argument("--tables", nargs="*", default=[], help="tables that claims are decided from")
    parser.add_argument("--work", type=Path, help="write the operations of one job by rule there, and print nothing")
    arguments = parser.parse_args()
    config = json.loads(arguments.config)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.json"
        file.write_text(arguments.config)
        found = jobs(file, config.get("plan", {}).get("target", "all"))
    try:
        if arguments.work:
            with atomic(arguments.work, result=False) as temporary:
                temporary.write_text(json.dumps(work(config, found)))
        else:
            print(table(config, found))
            print(deciding.ahead(config, arguments.tables, _hours(config, found)))
    except InputError as error:
        sys.exit(fail(error))


if __name__ == "__main__":
    main()
