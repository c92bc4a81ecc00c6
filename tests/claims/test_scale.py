"""Metrics between floor and ceiling: coverage of the interval with a known truth, and the shipped scales."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whypretrain.claims import excess, load_scales, scale_table
from whypretrain.claims.scale import NO_SCALE
from whypretrain.errors import InputError

SCALES = Path(__file__).parents[2] / "workflow/whypretrain/resources/scales.yaml"
SIMULATIONS = 1000


def simulated(seed: int, seeds: int, gap: float, strata: int = 1) -> tuple[float, int]:
    """Coverage of a true excess of 0.4 over simulations, and how many intervals have no bounds.

    Floor, ceiling and measured value vary together from seed to seed, as those of one run do; architectures differ.
    """
    random = np.random.default_rng(seed)
    shape = (SIMULATIONS, strata, seeds)
    floor = 0.1 + 0.02 * random.normal(size=shape) + 0.05 * np.arange(strata)[:, None]
    ceiling = floor + gap + 0.05 * random.normal(size=shape)
    measured = floor + 0.4 * gap + 0.5 * (ceiling - floor - gap) + 0.04 * random.normal(size=shape)
    names = np.repeat(np.arange(strata), seeds).tolist()
    runs = zip(*(values.reshape(SIMULATIONS, -1) for values in (measured, floor, ceiling)), strict=True)
    found = [excess(*each, names) for each in runs]
    covered = np.mean([each.low <= 0.4 <= each.high for each in found])
    return float(covered), sum(np.isinf(each.high) for each in found)


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("gap", [0.6, 0.3])
def test_the_interval_covers_the_truth(seeds: int, gap: float) -> None:
    covered, unbounded = simulated(seeds, seeds, gap)
    assert 0.93 <= covered <= 0.97
    assert unbounded <= 20  # of 1,000, at a gap of six standard deviations and three seeds


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_also_over_two_architectures(seeds: int) -> None:
    covered, unbounded = simulated(10 + seeds, seeds, 0.6, strata=2)
    assert 0.93 <= covered <= 0.975  # with few seeds Welch's freedom is on the safe side
    assert unbounded == 0


def test_without_a_gap_there_is_no_scale() -> None:
    covered, unbounded = simulated(0, 3, 0.0)
    assert unbounded > 0.94 * SIMULATIONS
    assert covered > 0.94
    assert np.isnan(excess([0.5, 0.6, 0.4], [0.5, 0.5, 0.5], [0.1, 0.2, 0.1]).estimate)  # a ceiling below the floor


def test_by_hand() -> None:
    found = excess([0.5, 0.5, 0.5], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0])
    assert (found.estimate, found.low, found.high) == (0.5, 0.5, 0.5)
    alone = excess([0.5], [0.0], [1.0])
    assert alone.estimate == 0.5
    assert np.isnan(alone.low)


def layers(seeds: int = 3) -> pd.DataFrame:
    keys = {"target": "digits", "architecture": "vit", "model": "finetune", "estimator": "biased", "layer": 1}
    values = {"stir_tuned_given_pre": 0.6, "permuted": 0.2, "self_pre": 1.0, "seed_level": 0.4}
    values |= {"stir_pre_given_tuned": 0.6, "permuted_learning": 0.2, "self_tuned": 1.0}
    values |= {"cka_divergence": 0.2, "cka_permuted": 0.8}
    return pd.DataFrame([{**keys, **values, "seed": seed} for seed in range(seeds)])


def agreement(sham: float | None) -> pd.DataFrame:
    levels = {"probe_vs_finetune": 0.5, "other_image": 0.1, **({} if sham is None else {"probe_vs_sham": sham})}
    return pd.DataFrame(
        [
            {"target": "digits", "architecture": "vit", "seed_a": seed, "kind": kind, "degree": "1", "agreement": value}
            for seed in range(3)
            for kind, value in levels.items()
        ]
    )


def row(tables: dict[str, pd.DataFrame], metric: str, **options: object) -> pd.Series:
    table = scale_table(load_scales(SCALES), tables, **options)
    return table[table["metric"] == metric].iloc[0]


@pytest.mark.parametrize(("metric", "expected"), [("invariances not forgotten", 0.5), ("CKA", 0.75)])
def test_shipped_scales_of_layers(metric: str, expected: float) -> None:
    found = row({"layers": layers()}, metric)
    assert found["excess"] == pytest.approx(expected)
    assert found["ceiling_is"] == "the model itself"


def test_a_metric_without_its_ceiling_says_which() -> None:
    tables = {"agreement": agreement(None).replace("probe_vs_finetune", "probe_vs_mine")}
    found = row(tables, "agreement, degree 1", cast={"finetune": ["mine"], "probe": ["probe"]})
    assert (found["model"], found["floor"], found["floor_is"]) == ("mine", pytest.approx(0.1), "another sample")
    assert found["note"] == "no ceiling: not run is sham fine-tuning"
    assert np.isnan(found["excess"])
    level = row({"agreement": agreement(0.1)}, "agreement, degree 1")
    assert level["note"] == NO_SCALE
    assert row({"agreement": agreement(0.9)}, "agreement, degree 1")["excess"] == pytest.approx(0.5)


def test_every_metric_has_one_floor_and_one_ceiling() -> None:
    ends = {(each.metric, each.floor[0], each.ceiling[0]) for each in load_scales(SCALES)}
    assert len(ends) == len({metric for metric, *_ in ends}) == 9


def test_bad_file(tmp_path: Path) -> None:
    (tmp_path / "scales.yaml").write_text("models: [finetune]\nmetrics: [{metric: x}]")
    with pytest.raises(InputError, match="not a YAML file of metrics"):
        load_scales(tmp_path / "scales.yaml")
