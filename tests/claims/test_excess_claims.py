"""Claims on the excess over chance: decided as their Fieller interval says, and not at all without a scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whypretrain.claims import (
    FAILS,
    HOLDS,
    NO_SCALE,
    NOT_RUN,
    UNDECIDED,
    Claim,
    Rule,
    decide,
    load_scales,
    scale_runs,
    scale_table,
)
from whypretrain.claims.fieller import Excess

SCALES = load_scales(Path(__file__).parents[2] / "workflow/whypretrain/resources/scales.yaml")


def layers(kept: float, ceiling: float = 1.0, seeds: int = 3) -> pd.DataFrame:
    """STIR of the fine-tuned model at `kept` of the way from a floor of 0.2 to the ceiling, and of scratch at 0.05."""
    random, rows = np.random.default_rng(0), []
    for seed in range(seeds):
        low, high = 0.2 + random.normal(0, 0.005), ceiling + random.normal(0, 0.005)
        for model, part in {"finetune": kept, "scratch": 0.05}.items():
            stir = low + (part + random.normal(0, 0.01)) * (high - low)
            keys = {"target": "digits", "architecture": "vit", "model": model, "estimator": "biased", "layer": 1}
            values = {"stir_tuned_given_pre": stir, "permuted": low, "self_pre": high, "forgetting": 1 - stir}
            rows.append({**keys, **values, "seed": seed})
    return pd.DataFrame(rows)


def decided(shipped: tuple[Rule, list[Claim]], table: pd.DataFrame) -> pd.DataFrame:
    rule, claims = shipped
    tables = {"layers": table, "scale": scale_runs(SCALES, {"layers": table})}
    return decide([claim for claim in claims if claim.family == "excess"], tables, rule).set_index("id")


def test_shipped_claims_by_where_between_chance_and_ceiling_they_are(shipped: tuple[Rule, list[Claim]]) -> None:
    found = decided(shipped, layers(0.6))
    assert found.loc["exc-invariances-are-kept", "verdict"] == HOLDS
    assert found.loc["exc-scratch-forgets-nearly-all", "verdict"] == HOLDS
    assert found.loc["exc-scratch-is-forgotten-more", "verdict"] == HOLDS
    assert found.loc["exc-invariances-are-kept", "estimate"] == pytest.approx(0.6, abs=0.02)
    assert decided(shipped, layers(-0.3)).loc["exc-invariances-are-kept", "verdict"] == FAILS
    assert found.loc["exc-small-part-preserved", "verdict"] == NOT_RUN


def test_the_claim_has_the_interval_of_the_scale(shipped: tuple[Rule, list[Claim]]) -> None:
    table = layers(0.6)
    row = decided(shipped, table).loc["exc-invariances-are-kept"]
    shown = scale_table(SCALES, {"layers": table}).set_index(["metric", "model"])
    shown = shown.loc[("invariances not forgotten", "finetune")]
    assert [row["estimate"], row["low"], row["high"]] == [shown["excess"], shown["low"], shown["high"]]


def test_where_the_ceiling_is_not_above_the_floor_there_is_no_scale(shipped: tuple[Rule, list[Claim]]) -> None:
    row = decided(shipped, layers(0.6, ceiling=0.201)).loc["exc-invariances-are-kept"]
    assert row["verdict"] == UNDECIDED
    assert NO_SCALE in row["note"]
    assert np.isnan([row["estimate"], row["low"], row["high"], row["p_adjusted"]]).all()
    assert row["would_decide"] == ""


def test_bounds_are_excluded_as_the_interval_excludes_them() -> None:
    """The p-value of a bound is below 0.05 outside of the interval alone, but for what Welch freedom differs."""
    random = np.random.default_rng(1)
    strata = ["a"] * 4 + ["b"] * 4
    for _ in range(50):
        span = random.normal(0.6, 0.05, 8)
        found = Excess.of(0.4 * span + random.normal(0, 0.05, 8), span, strata)
        interval = found.interval(0.95)
        inside = np.linspace(interval.low, interval.high, 7)[1:-1]
        assert all(found.p_value(bound) > 0.04 for bound in inside)
        assert all(found.p_value(bound) < 0.06 for bound in (interval.low - 0.01, interval.high + 0.01))
