"""What an experiment can decide, for the plan: before it runs, and by how many more seeds once it has run."""

from __future__ import annotations

import textwrap
from collections.abc import Collection
from itertools import product
from pathlib import Path
from typing import Any

from whypretrain.claims import (
    DECIDABLE,
    NOT_RUN,
    OUTSIDE,
    UNDECIDED,
    by_seeds,
    decidable,
    load,
    load_scales,
    read_verdicts,
)
from whypretrain.config.roles import cast_of
from whypretrain.config.setting import setting_of

WIDTH = 120


def ahead(config: dict[str, Any], tables: Collection[str], hours: float) -> str:
    """The claims that the config can decide, and what seeds would decide those that its last run did not.

    Args:
        config: the whole config.
        tables: names of the tables that its claims are decided from.
        hours: GPU hours of the whole experiment; those of a seed are taken as its part of them.
    """
    rule, claims = load()
    grid = config["grid"]
    cells, seeds = list(product(grid["architectures"], grid["targets"])), len(grid["seeds"])
    found = decidable(
        claims,
        rule,
        tables=tables,
        cast=cast_of(config),
        controls=config["interactions"]["score"]["controls"],
        scales=load_scales(),
        setting=setting_of(config),
        cells=cells,
        seeds=seeds,
    )
    said = {
        DECIDABLE: f"can be decided with {seeds} seeds",
        UNDECIDED: f"stay undecided: {seeds} of the {rule.minimum_seeds} seeds that a verdict takes",
        OUTSIDE: "are published numbers of another setting",
        NOT_RUN: "need methods or tables that this experiment lacks",
    }
    lines = [f"Of {len(claims)} claims {len(ids)} {said[kind]}: {', '.join(ids)}" for kind, ids in found.items() if ids]
    results = Path("results") / config["experiment"] / "claims.csv"
    if results.is_file():
        each = hours / seeds
        lines.append(
            f"The last run ({results}) left claims undecided; a further seed costs about {each:.2g} GPU hours:"
        )
        for needed, ids in by_seeds(read_verdicts(results)).items():
            cost = max(0, needed - seeds) * each
            lines.append(f"about {needed} seeds, {cost:.2g} GPU hours more: {', '.join(ids)}")
    wrap = textwrap.TextWrapper(WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(wrap.fill(line) for line in lines)
