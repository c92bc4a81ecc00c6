"""The stages of an experiment as DVC has them, derived from Snakemake's graph.

config/default.yaml has dvc.yaml; any other experiment has experiments/NAME/dvc.yaml. So experiments stand side by side,
each with its own dvc.lock. A stage depends on the stages before it and on its hash in results/NAME/graph.json: all that
Snakemake compares of its jobs, so that both tools see the same changes. The hashes are written anew when the workflow,
the config, or a file or folder that the config names has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jobs import jobs
from snakemake.utils import update_config

from whypretrain.config import check, files, places_of
from whypretrain.errors import InputError
from whypretrain.provenance import PACKAGE, card_of, located

DEFAULT = "config/default.yaml"
HEADLINE = """\
# The headline numbers: `dvc metrics show`, `dvc metrics diff`, `dvc plots show`.
metrics: [{results}/headline.json]
plots:
  - accuracy:
      x: {{{results}/across.csv: accuracy}}
      y: {{{results}/across.csv: method}}
      template: scatter
  - knowledge kept and invariances forgotten:
      x: {{{results}/across.csv: forgetting_late}}
      y: {{{results}/across.csv: preserved}}
      template: scatter
  - {results}/figures/accuracy.png
  - {results}/figures/across.png
"""


@dataclass
class Stage:
    """One stage: what it needs and makes, and the hash of what its jobs are. Its name is its target in Snakemake."""

    name: str
    deps: set[str] = field(default_factory=set)
    outs: set[str] = field(default_factory=set)
    work: list[Any] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """SHA-256 of what Snakemake compares: outputs, inputs, parameters and command of every job."""
        return hashlib.sha256(json.dumps(sorted(self.work)).encode()).hexdigest()


class Pipeline:
    """The stages of the experiment of one config file, in the order of data flow."""

    def __init__(self, config: str) -> None:
        self.config = config
        default, own = (files.read(file) for file in (DEFAULT, config))
        self.is_default = config == DEFAULT
        name = own.get("experiment", default["experiment"])
        if not self.is_default and name == default["experiment"]:
            raise SystemExit(f"error: {config}: experiment: name it, e.g. `experiment: mine`; {name} is the default's")
        self.results = f"results/{name}"
        self.graph = f"{self.results}/graph.json"
        self.file = "dvc.yaml" if self.is_default else f"experiments/{name}/dvc.yaml"
        update_config(default, own)
        self.outside = sorted({_where(place) for place in places_of(check(default)).values()})
        graph = jobs(config)
        self.fetched = sorted(out for job in graph for out in job["output"] if not _below(out, self.results))
        self.stages = in_order(_stages(graph, self.results))

    def address(self, stage: str) -> str:
        """How DVC names a stage."""
        return stage if self.is_default else f"{self.file}:{stage}"

    def write(self) -> None:
        """Write DVC's file and the hashes, each where it is not yet so."""
        hashes = {stage.name: stage.digest for stage in self.stages}
        for file, text in ((self.file, self.text()), (self.graph, json.dumps(hashes, indent=1) + "\n")):
            path = Path(file)
            if not path.exists() or path.read_text() != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

    def text(self) -> str:
        """DVC's file."""
        files = list(dict.fromkeys([DEFAULT, self.config]))
        options = "" if self.is_default else f"--configfile {self.config} -- "
        graph: dict[str, Any] = {
            "cmd": f"python workflow/tools/versioning.py graph --config {self.config}",
            "deps": ["Snakefile", "workflow", *self.outside],
            "params": [dict.fromkeys(files)],
            "outs": [{self.graph: {"cache": False, "persist": True}}],
        }
        sections = {"graph": graph} | {
            stage.name: {
                "cmd": f"snakemake --cores all {options}{stage.name}",
                "deps": sorted(stage.deps),
                "params": [{self.graph: [stage.name]}],
                "outs": [{out: {"persist": True}} for out in sorted(stage.outs)],
            }
            for stage in self.stages
        }
        if not self.is_default:
            sections = {name: {"wdir": "../..", **section} for name, section in sections.items()}
        head = f"# Written by workflow/tools/versioning.py from the workflow and {self.config}.\n"
        body = yaml.safe_dump({"stages": sections}, sort_keys=False, width=110, default_flow_style=None)
        return head + body + HEADLINE.format(results=self.results if self.is_default else f"../../{self.results}")


def _stages(graph: Iterable[dict[str, Any]], results: str) -> list[Stage]:
    """Jobs by stage: a folder of results is one; a file directly below them is of the stage of its rule's file.

    Published weights lie elsewhere, because experiments share them: the stages that read them fetch them, too.
    """
    found: dict[str, Stage] = {}
    made: dict[str, str] = {}  # place -> stage
    graph = [job for job in graph if job["output"]]
    own = [job for job in graph if _below(job["output"][0], results)]
    shared = {output for job in graph if job not in own for output in job["output"]}
    for job in own:
        place = _place(job["output"][0], results)
        name = Path(job["file"]).stem if Path(place).suffix else Path(place).name
        stage = found.setdefault(name, Stage(name))
        places = {_place(output, results) for output in job["output"]}
        made |= dict.fromkeys(places, name)
        stage.outs |= places | {str(card_of(place)) for place in places if Path(place).suffix}
        stage.work.append([job["output"], job["input"], sorted(job["params"].items()), job["command"]])
        stage.deps |= {_place(path, results) for path in job["input"] if path not in shared}
    for stage in found.values():
        stage.deps = {place for place in stage.deps if made.get(place) != stage.name}
    return list(found.values())


def _where(place: str) -> str:
    """The path of a file or folder that a config names, relative to the checkout if the file is in a package below it.

    The name of a package that is not installed stays as it is: DVC then reports it as missing.
    """
    if not place.startswith(PACKAGE):
        return place
    try:
        path = located(place)
    except InputError:
        return place
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _below(path: str, results: str) -> bool:
    return path.startswith(f"{results}/")


def _place(path: str, results: str) -> str:
    """The folder or file directly below the results that a path is in; any other path as it is."""
    first = path.removeprefix(f"{results}/").split("/")[0]
    return f"{results}/{first}" if _below(path, results) else path


def in_order(found: Iterable[Stage]) -> list[Stage]:
    """Stages, each after those that it needs."""
    waiting, ordered = sorted(found, key=lambda stage: stage.name), list[Stage]()
    while waiting:
        missing = {out for stage in waiting for out in stage.outs}
        ready = [stage for stage in waiting if not stage.deps & missing]
        if not ready:
            raise ValueError(f"stages need each other: {', '.join(stage.name for stage in waiting)}")
        ordered += ready
        waiting = [stage for stage in waiting if stage not in ready]
    return ordered


def downstream(changed: Iterable[str], ordered: Iterable[Stage]) -> set[str]:
    """Names of the changed stages and of all that build on them."""
    stale, remade = set(changed), set[str]()
    for stage in ordered:
        if stage.deps & remade:
            stale.add(stage.name)
        if stage.name in stale:
            remade |= stage.outs
    return stale
