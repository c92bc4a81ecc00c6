"""The response of metrics to changes with known answers, on tables with a known answer."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
import yaml

from whypretrain.claims import HOLDS, Claim, Rule, decide, responses, summary
from whypretrain.config.derived import interventions
from whypretrain.errors import InputError

RUNS = [*product(("vit", "resnet"), ("digits",), range(3))]
METHODS = """
probe: {start: frozen}
finetune: {start: pretrained}
half: {derive: {change: interpolate, base: probe, toward: finetune, dose: 0.5}}
loud: {derive: {change: noise, base: probe, dose: 0.2}}
held: {start: pretrained, frozen_blocks: 1}
same: {derive: {change: permute_units, base: finetune}}
"""
DISTANCE = {"half": 0.2, "finetune": 0.4, "loud": 0.3, "held": 0.1, "same": 0.4, "scratch": 0.9}


@pytest.fixture(scope="module")
def entries() -> list[dict]:
    methods = yaml.safe_load(METHODS)
    return interventions({"grid": {"methods": list(methods)}, "train": {"methods": methods}}, "finetune")


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """Every metric moves by the distance of a model from the pre-trained one, plus a little noise; placebos do not."""
    random, rows = (
        np.random.default_rng(0),
        {name: [] for name in ("agreement", "controls", "permutation_null", "layers")},
    )
    for a, t, s in RUNS:
        noise = random.normal(0, 0.002, len(DISTANCE))
        noise[[*DISTANCE].index("same")] = noise[[*DISTANCE].index("finetune")]
        run = {"architecture": a, "target": t}
        rows["agreement"] += [
            {**run, "seed_a": s, "kind": "self", "degree": degree, "agreement": 1.0}
            for degree in ("1", "2", "3", "all")
        ]
        rows["controls"].append({**run, "seed_a": s, "kind": "self", "similarity": 1.0})
        for (model, distance), more in zip(DISTANCE.items(), noise, strict=True):
            near = 1 - distance + more
            kind = {**run, "seed_a": s, "kind": f"probe_vs_{model}"}
            rows["agreement"] += [{**kind, "degree": degree, "agreement": near} for degree in ("1", "2", "3", "all")]
            rows["controls"].append({**kind, "similarity": near})
            own = {**run, "seed": s, "model": model, "order": "all"}
            rows["permutation_null"].append({**own, "measure": "share", "measured": near})
            rows["permutation_null"].append({**own, "measure": "scratch_ratio", "measured": distance + more})
            for layer in (1, 2):
                gone = 0.0 if model == "held" and layer == 1 else 0.01 + 1 - near
                lost = {"forgetting": gone + 0.01, "learning": gone + 0.01, "cka_divergence": gone}
                also = {"self_pre": 0.99, "corrected_forgetting": gone}
                layers = {**run, "seed": s, "model": model, "layer": layer, "estimator": "biased"}
                rows["layers"].append({**layers, **lost, **also})
    return {name: pd.DataFrame(found) for name, found in rows.items()}


def test_what_is_done_to_which_method(entries: list[dict]) -> None:
    found = {(each["intervention"], each["method"], each["base"]): each["dose"] for each in entries}
    assert found == {
        ("way to the fine-tuned", "half", "probe"): 0.5,
        ("way to the fine-tuned", "finetune", "probe"): 1.0,
        ("noise on weights", "loud", "probe"): 0.2,
        ("frozen blocks", "held", "finetune"): 1,
        ("units permuted", "same", "finetune"): 1.0,
    }
    assert [each["method"] for each in entries if each["placebo"]] == ["same"]


def test_of_text_layers_have_cka_alone(entries: list[dict], tables: dict[str, pd.DataFrame]) -> None:
    """The same tables without inverted inputs: every other metric is as before, frozen blocks have no forgetting."""
    whole = responses(tables, entries, "probe", "scratch")
    columns = ["architecture", "target", "seed", "model", "layer", "estimator", "cka_divergence"]
    text = {name: table for name, table in tables.items() if name != "layers"}
    found = responses({**text, "divergence": tables["layers"][columns]}, entries, "probe", "scratch")
    left = whole[~whole["metric"].str.contains("forgetting|learning")].reset_index(drop=True)
    assert len(left) < len(whole)
    order = ["metric", "method", "dose", "intervention", "architecture", "target", "seed"]
    one, other = (table.sort_values(order, ignore_index=True) for table in (found, left))
    pd.testing.assert_frame_equal(one, other)


def test_metrics_that_follow_the_dose_are_said_to(entries: list[dict], tables: dict[str, pd.DataFrame]) -> None:
    found = summary(responses(tables, entries, "probe", "scratch")).set_index(["intervention", "metric"])
    way = found.loc["way to the fine-tuned"]
    for metric in ("preserved share", "agreement, degree 2", "interaction similarity"):
        assert way.loc[metric, "spearman"] == -1
        assert way.loc[metric, "smallest_dose"] == 0.5
        assert way.loc[metric, "change"] == pytest.approx(-0.4, abs=0.01)
    for metric in ("forgetting", "learning", "CKA divergence"):
        assert way.loc[metric, "spearman"] == 1
    placebos = found[found["placebo"]]
    assert len(placebos) == 10
    assert (placebos["largest_move"] < 1e-12).all()
    assert placebos["smallest_dose"].isna().all()


def test_frozen_blocks_are_held_against_the_model_itself(entries: list[dict], tables: dict[str, pd.DataFrame]) -> None:
    rows = responses(tables, entries, "probe")
    held = rows[rows["metric"].str.startswith("forgetting of frozen")]
    assert len(held) == len(RUNS)
    assert (held["value"] == 0).all()


def test_shipped_claims_hold_where_they_are_made_to(
    shipped: tuple[Rule, list[Claim]], entries: list[dict], tables: dict[str, pd.DataFrame]
) -> None:
    rule, claims = shipped
    own = [claim for claim in claims if claim.paper == "validity"]
    assert len(own) >= 8
    rows = responses(tables, entries, "probe", "scratch")
    found = decide(own, {"validity": rows}, rule).query("architecture == 'all'").set_index("id")["verdict"]
    shown = found[[name for name in found.index if name.split("-")[1] in ("way", "permuted")]]
    assert len(shown) == 14
    assert set(shown.drop("validity-way-scratch-ratio")) == {HOLDS}


def test_without_known_answers_there_is_nothing_to_say(tables: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(InputError, match="no method is derived"):
        responses(tables, [], "probe")
