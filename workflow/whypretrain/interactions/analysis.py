"""The analysis of the scores of all runs: what the functions of the registry are given, and those functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd

from whypretrain.config.parts import Role
from whypretrain.interactions.agreement_tables import agreement_path_table, agreement_table, commonality_table
from whypretrain.interactions.archive import ScoreArchive
from whypretrain.interactions.controls import controls_table, strongest_table
from whypretrain.interactions.effects import Effects, effects_of
from whypretrain.interactions.permuted_shares import null_table
from whypretrain.interactions.registry import TABLES, available
from whypretrain.interactions.tables import (
    dynamics_table,
    knowledge_table,
    matching_table,
    sensitivity_table,
    similarity_table,
    sparsity_table,
)
from whypretrain.runtime.loading import load

MEASURED = "default"  # the variant that all tables but sensitivity are about


@dataclass(frozen=True)
class Analysis:
    """Scores of all runs, and their effects once a table asks for them.

    Attributes:
        archives: the scores of all runs.
        roles: the model of each role that there is.
        options: config section interactions.analysis.
        varied: scores of the same runs with other settings, by name.
    """

    archives: Sequence[ScoreArchive]
    roles: Mapping[Role, str]
    options: Mapping[str, Any]
    varied: Mapping[str, Sequence[ScoreArchive]] = field(default_factory=dict)

    @cached_property
    def ands(self) -> list[Effects]:
        """AND effects, which tables on single effects and on training are about."""
        return [effects_of(archive) for archive in self.archives]

    @cached_property
    def runs(self) -> list[Effects]:
        """Effects of the kind that counts as knowledge."""
        return self.ands if self.options["kind"] == "and" else self._of_kind(self.archives)

    @cached_property
    def variants(self) -> dict[str, list[Effects]]:
        """Effects of the same runs scored with other settings, by name."""
        return {name: self._of_kind(found) for name, found in self.varied.items()}

    def _of_kind(self, archives: Sequence[ScoreArchive]) -> list[Effects]:
        return [effects_of(archive, kind=self.options["kind"]) for archive in archives]

    @cached_property
    def similarities(self) -> pd.DataFrame:
        """`similarity_table` of all runs: a table of its own, and what `dynamics` sums up."""
        return _of_all(self.ands, similarity_table)

    @property
    def compared(self) -> dict[str, Any]:
        """What most tables take: the reference, and the model from scratch, if there is one."""
        return {"reference": self.roles[Role.REFERENCE], "scratch": self.roles.get(Role.SCRATCH)}

    @property
    def triple(self) -> dict[str, Any]:
        """The reference, the fine-tuned model and the one from scratch, None where there is none."""
        return {str(role): self.roles.get(role) for role in (Role.REFERENCE, Role.FINETUNE, Role.SCRATCH)}

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Further pairs of models to compare."""
        return [tuple(pair) for pair in self.options["pairs"]]


def tables_of(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """All tables whose roles and coalitions there are, by name."""
    first = analysis.archives[0]
    models = [entry["name"] for entry in first.about["models"] if not entry["control"]]
    made = available(analysis.roles, models, sampled=first.coalitions is not None)
    return {name: load(f"whypretrain.interactions.{TABLES[name].place}")(analysis) for name in made}


def knowledge(given: Analysis) -> pd.DataFrame:
    """`knowledge_table` of all runs, normalised and not."""
    chosen = {**given.compared, **_options(given, "threshold", "rule")}
    return pd.concat(
        [_of_all(given.runs, knowledge_table, **chosen, normalise=normalise) for normalise in (True, False)]
    )


def salient_counts(given: Analysis) -> pd.DataFrame:
    """The same with effects counted; a model's salient set does not depend on its scale."""
    chosen = {**given.compared, **_options(given, "threshold")}
    counts = _of_all(given.runs, knowledge_table, **chosen, normalise=False, rule="count")
    return counts.drop(columns="normalised")


def sensitivity(given: Analysis) -> pd.DataFrame:
    """`sensitivity_table` of all runs and variants; fewer players of the runs alone."""
    chosen = {
        "references": [given.roles[Role.REFERENCE], *given.options["references"]],
        "scratch": given.roles.get(Role.SCRATCH),
        **_options(given, "thresholds", "rule"),
    }
    found = _of_all(given.runs, sensitivity_table, **chosen, **_options(given, "players"))
    varied = {name: _of_all(runs, sensitivity_table, **chosen) for name, runs in given.variants.items()}
    tables = {MEASURED: found, **varied}
    return pd.concat([table.assign(variant=name) for name, table in tables.items()], ignore_index=True)


def similarity(given: Analysis) -> pd.DataFrame:
    """`similarity_table` of all runs."""
    return given.similarities


def dynamics(given: Analysis) -> pd.DataFrame:
    """`dynamics_table` of all runs."""
    return dynamics_table(given.similarities)


def sparsity(given: Analysis) -> pd.DataFrame:
    """`sparsity_table` of all runs."""
    return _of_all(given.ands, sparsity_table)


def matching(given: Analysis) -> pd.DataFrame:
    """`matching_table` of all runs."""
    return _of_all(given.ands, matching_table, **_options(given, "thresholds"))


def strongest(given: Analysis) -> pd.DataFrame:
    """`strongest_table` of all runs."""
    reference = given.roles[Role.REFERENCE]
    return _of_all(given.ands, strongest_table, reference=reference, **_options(given, "threshold", "top"))


def controls(given: Analysis) -> pd.DataFrame:
    """`controls_table` of all runs."""
    return controls_table(given.runs, **given.triple, pairs=given.pairs, **_options(given, "threshold", "rule"))


def permuted(given: Analysis) -> pd.DataFrame:
    """`null_table` of all runs."""
    return _of_all(given.runs, null_table, **given.triple, **_options(given, "threshold", "rule", "permutations"))


def agreements(given: Analysis) -> pd.DataFrame:
    """`agreement_table` of all runs."""
    return agreement_table(given.archives, **given.triple, pairs=given.pairs)


def agreement_paths(given: Analysis) -> pd.DataFrame:
    """`agreement_path_table` of all runs."""
    reference = given.roles.get(Role.REFERENCE)
    return pd.concat([agreement_path_table(run, reference=reference) for run in given.archives], ignore_index=True)


def explained(given: Analysis) -> pd.DataFrame:
    """`commonality_table` of all runs."""
    return pd.concat([commonality_table(run, **given.compared) for run in given.archives], ignore_index=True)


def _options(given: Analysis, *names: str) -> dict[str, Any]:
    return {name: given.options[name] for name in names}


def _of_all(runs: Sequence[Effects], table: Callable[..., pd.DataFrame], **options: Any) -> pd.DataFrame:
    """The tables of all runs, one below the other."""
    return pd.concat([table(effects, **options) for effects in runs], ignore_index=True)
