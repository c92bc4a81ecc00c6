"""What a run is doing and how long it still takes, from the events that Snakemake logs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

_RULE = re.compile(r"^ *(?:rule (\w+)|use rule \w+ as (\w+) with):", re.MULTILINE)
_INCLUDE = re.compile(r'^include: "(.*)"', re.MULTILINE)
_START = 3.0  # seconds a job takes to start, until one has been seen


@dataclass
class Job:
    """A job that was started.

    Attributes:
        rule: its rule.
        what: what it does, in words.
        logs: its log files.
        start: seconds of the clock that the board is read with.
    """

    rule: str
    what: str
    logs: list[str]
    start: float


@dataclass
class Stage:
    """One stage: how many of its jobs are done, of how many, and whether some are running."""

    name: str
    done: int
    total: int
    running: int


@dataclass
class Board:
    """The state of a run.

    Attributes:
        stages: the stage of each rule, in the order data flows.
        work: operations of a job of each rule, from the plan; where it lacks a rule, its jobs take seconds.
        total: jobs to be done, by rule.
        done: seconds that each finished job took, by rule.
        running: jobs that run, by Snakemake's number.
        failed: jobs that failed.
    """

    stages: Mapping[str, str]
    work: Mapping[str, float] = field(default_factory=dict)
    total: dict[str, int] = field(default_factory=dict)
    done: dict[str, list[float]] = field(default_factory=dict)
    running: dict[int, Job] = field(default_factory=dict)
    failed: list[Job] = field(default_factory=list)
    cores: int = 1

    @property
    def jobs(self) -> tuple[int, int]:
        """How many jobs are done, and how many there are."""
        return sum(map(len, self.done.values())), sum(self.total.values())

    def see(self, event: str | None, about: Mapping[str, Any], now: float) -> Job | None:
        """Take note of one event; the job that it ended, if it did."""
        if event == "run_info":
            self.total = {rule: count for rule, count in about["stats"].items() if rule != "total"}
        elif event == "resources_info":
            self.cores = about.get("cores") or self.cores
        elif event == "job_info":
            what = about["rule_msg"] or about["rule_name"].replace("_", " ")
            self.running[about["jobid"]] = Job(about["rule_name"], what, list(about["log"] or []), now)
        elif event == "job_finished" and (job := self.running.pop(about["job_id"], None)):
            self.done.setdefault(job.rule, []).append(now - job.start)
            return job
        elif event == "job_error" and (job := self.running.pop(about["jobid"], None)):
            job.logs = list(about["log"] or [])
            self.failed.append(job)
            return job
        return None

    def table(self) -> list[Stage]:
        """The stages that have jobs; `all` only collects what they made."""
        found: dict[str, Stage] = {}
        order = list(dict.fromkeys(self.stages.values()))
        rules = [rule for rule in self.total if rule != "all"]
        for rule in sorted(rules, key=lambda rule: [*order, self._stage(rule)].index(self._stage(rule))):
            name = self._stage(rule)
            stage = found.setdefault(name, Stage(name, 0, 0, 0))
            stage.done += len(self.done.get(rule, []))
            stage.total += self.total[rule]
            stage.running += sum(job.rule == rule for job in self.running.values())
        return list(found.values())

    def left(self, now: float) -> float | None:
        """Seconds until the end, roughly; None until enough has been measured.

        A job takes as long as those of its rule took. Of rules of which none is finished, it takes the plan's
        operations at the rate of the finished ones, and a start.
        """
        rate, work = self._rate(), 0.0
        longest = 0.0
        for rule, total in self.total.items():
            took = self.done.get(rule, [])
            if not took and rule in self.work and rate is None:
                return None
            one = fmean(took) if took else self.work.get(rule, 0.0) * (rate or 0.0) + self._start()
            spent = [now - job.start for job in self.running.values() if job.rule == rule]
            rest = [max(one - each, 0.0) for each in spent]
            waiting = total - len(took) - len(spent)
            work += sum(rest) + waiting * one
            longest = max(longest, *rest, one if waiting > 0 else 0.0)
        return max(longest, work / self.cores)

    def _stage(self, rule: str) -> str:
        """The stage of a rule; that of train_mine, which is named after the method it trains, is its first word."""
        first = rule.partition("_")[0]
        return self.stages.get(rule, first if first in self.stages.values() else rule)

    def _rate(self) -> float | None:
        """Seconds per operation of the plan, from the finished jobs that have some."""
        seconds = sum(sum(took) for rule, took in self.done.items() if rule in self.work)
        operations = sum(len(took) * self.work[rule] for rule, took in self.done.items() if rule in self.work)
        return seconds / operations if operations else None

    def _start(self) -> float:
        small = [one for rule, took in self.done.items() if rule not in self.work for one in took]
        return fmean(small) if small else _START


def stages_of(snakefile: Path) -> dict[str, str]:
    """Rule -> stage (the name of its rule file), in the order in which the Snakefile includes them."""
    found: dict[str, str] = {}
    for name in _INCLUDE.findall(snakefile.read_text()):
        rules = snakefile.parent / name
        found |= dict.fromkeys(_names(rules.read_text()), rules.stem)
    return found


def _names(text: str) -> Iterator[str]:
    for plain, used in _RULE.findall(text):
        yield plain or used
