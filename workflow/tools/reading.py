"""How many bytes the jobs of an experiment read: their input files, and the files that the config names."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whypretrain.config.models import Model
from whypretrain.config.section import Section
from whypretrain.data.kinds import options_of
from whypretrain.provenance import fingerprint, located
from whypretrain.runtime.places import CHECKPOINTS, DATA, MODEL

if TYPE_CHECKING:
    from plan import Planned

_FLOAT = 4  # bytes


class Reading:
    """Sizes of the files that jobs are given, before any of them is there; tables and descriptions count as nothing."""

    def __init__(self, planned: Planned, jobs: Iterable[dict[str, Any]]) -> None:
        self.planned = planned
        self.made_by = {output: job for job in jobs for output in job["output"]}
        self._size = cache(self._size_of)

    def of(self, job: dict[str, Any]) -> float:
        """Bytes that one job reads."""
        return sum(map(self._size, job["input"])) + self._outside(job)

    def _size_of(self, path: str) -> float:
        name, job = Path(path).name, self.made_by.get(path)
        if job is None:
            return Path(path).stat().st_size if Path(path).is_file() else 0
        wildcards = job["wildcards"]
        if name == DATA[0]:
            return self.planned.need(job).disk
        if name in (MODEL[0], CHECKPOINTS):
            kept = 1 if name == MODEL[0] else self.planned.checkpoints(Path(path).parts[-3])
            return kept * self.planned.cost(wildcards["architecture"]).parameters * _FLOAT
        if "features" in job["rule"]:
            found = self.planned.cost(wildcards["architecture"])
            return sum(self.planned.size(Path(path).stem)[:2]) * found.features * _FLOAT
        return self.planned.need(job).disk if name.endswith(".npz") else 0

    def _outside(self, job: dict[str, Any]) -> float:
        """Bytes of the user's files that a job reads, as far as they are there."""
        config, wildcards = self.planned.config, job["wildcards"]
        if job["rule"] == "make_data":
            section: Section = options_of(config["datasets"][wildcards["dataset"]], wildcards["dataset"])
        elif job["rule"] == "pretrain_model":
            section = Model.of(config["models"][wildcards["architecture"]])
        else:
            return 0
        there = [path for path in map(located, section.places().values()) if path.exists()]
        return sum(fingerprint(path).bytes for path in there)
