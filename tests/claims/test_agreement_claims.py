"""Claims about agreement by degree, and shares held against permuted effects, on tables with a known answer."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
import pytest

from whypretrain.claims import ALL, FAILS, HOLDS, NOT_RUN, UNDECIDED, Claim, Rule, decide

Maker = Callable[..., pd.DataFrame]
CELLS = [*product(("digits", "letters"), ("vit", "resnet"), range(3))]
DEGREES = {"1": 0, "2": 1, "3": 2, "4": 3, "all": 0}
FINETUNE = (0.6, 0.4, 0.2, 0.1)  # agreement with the pre-trained model at degrees 1 to 4


def agreements(**changed: tuple[float, ...]) -> pd.DataFrame:
    """agreement.csv; `changed` are agreements at degrees 1 to 4 by the second model."""
    levels = {
        "finetune": FINETUNE,
        "joint_uot": (0.7, 0.5, 0.3, 0.2),
        "joint_random": (0.65, 0.45, 0.25, 0.15),
        "scratch": (0.3, 0.1, 0.0, 0.0),
        "reinitialised": (0.0, 0.0, 0.0, 0.0),
        "other_image": (0.2, 0.0, 0.0, 0.0),
        **changed,
    }
    random, rows = np.random.default_rng(0), []
    for (target, architecture, seed), (model, level), degree in product(CELLS, levels.items(), DEGREES):
        kind = model if model == "other_image" else f"probe_vs_{model}"
        value = level[DEGREES[degree]] + random.normal(0, 0.003)
        rows.append((kind, target, architecture, seed, seed, degree, value, max(0, value) ** 2))
    columns = ["kind", "target", "architecture", "seed_a", "seed_b", "degree", "agreement", "kept"]
    return pd.DataFrame(rows, columns=columns)


def explained(pretrained: float = 0.3, scratch: float = 0.05, common: float = 0.05) -> pd.DataFrame:
    """commonality.csv of fine-tuning: parts at degree 1, a half of them from degree 2 on."""
    random, rows = np.random.default_rng(0), []
    for (target, architecture, seed), degree in product(CELLS, DEGREES):
        parts = np.array([pretrained, scratch, common]) * (1 if degree in ("1", "all") else 0.5)
        parts += random.normal(0, 0.003, 3)
        rows.append((target, architecture, seed, "finetune", degree, *parts, 1 - parts.sum(), parts[0] + parts[2]))
    parts_of = ["unique_pretrained", "unique_scratch", "common", "new", "r2_pretrained"]
    return pd.DataFrame(rows, columns=["target", "architecture", "seed", "model", "degree", *parts_of])


def paths(finetune: float = 0.5, scratch: float = 2.0, back: float = 0.0) -> pd.DataFrame:
    """agreement_dynamics.csv: curves to the end that rise as a power; fine-tuning with one step back."""
    random, rows = np.random.default_rng(0), []
    for cell, (method, power), degree in product(CELLS, {"finetune": finetune, "scratch": scratch}.items(), DEGREES):
        for part in np.linspace(0, 1, 11):
            dent = (back if method == "finetune" else 0.3) * (part == 0.5)
            value = part**power - dent + random.normal(0, 0.002) * (part < 1)
            rows.append((*cell, method, "final", degree, 100 * part, value))
    columns = ["target", "architecture", "seed", "method", "towards", "degree", "step", "agreement"]
    return pd.DataFrame(rows, columns=columns)


def verdicts(shipped: tuple[Rule, list[Claim]], **tables: pd.DataFrame) -> pd.Series:
    rule, claims = shipped
    table = decide([claim for claim in claims if claim.family == "agreement"], tables, rule, resamples=50)
    return table[(table["architecture"] == ALL) & (table["target"] == ALL)].set_index("id")["verdict"]


def test_all_claims_about_agreement_hold_where_they_are_made_to(shipped: tuple[Rule, list[Claim]]) -> None:
    found = verdicts(shipped, agreement=agreements(), commonality=explained(), agreement_dynamics=paths())
    assert len(found) >= 12
    assert (found == HOLDS).all(), found[found != HOLDS]


@pytest.mark.parametrize(
    ("tables", "name", "verdict"),
    [
        ({"agreement": agreements(finetune=(0.9, 0.4, 0.2, 0.1))}, "agr-little-is-kept", FAILS),
        ({"agreement": agreements(finetune=(0.2, 0.1, 0.1, 0.1))}, "agr-little-is-kept", UNDECIDED),  # another image
        ({"agreement": agreements(scratch=(0.8, 0.1, 0, 0))}, "agr-kept-was-inherited", FAILS),
        ({"agreement": agreements(other_image=(0.2, 0.5, 0, 0))}, "agr-kept-belongs-to-the-image", UNDECIDED),
        ({"agreement": agreements(reinitialised=(0.3,) * 4)}, "agr-untrained-has-nothing", FAILS),
        ({"agreement": agreements(finetune=(0.2, 0.4, 0.3, 0.1))}, "agr-complex-is-kept-less", FAILS),
        ({"agreement": agreements(finetune=(0.6, 0.2, 0.4, 0.1))}, "agr-triples-are-kept-less-than-pairs", FAILS),
        ({"agreement": agreements(finetune=(0.6, 0.9, 0.9, 0.9))}, "agr-complex-is-discarded", FAILS),
        ({"agreement": agreements(joint_uot=(0.5, 0.3, 0.2, 0.1))}, "agr-joint-keeps-more-pairs", FAILS),
        ({"agreement": agreements(joint_uot=(0.7, 0.4, 0.2, 0.1))}, "agr-choice-keeps-more", FAILS),
        ({"commonality": explained(pretrained=0.7)}, "agr-much-is-new", FAILS),
        ({"commonality": explained(scratch=0.4)}, "agr-scratch-lacks-pairs", FAILS),
        ({"commonality": explained(common=0.6)}, "agr-scratch-finds-little", FAILS),
        ({"agreement_dynamics": paths(finetune=2.0, scratch=0.5)}, "agr-converges-faster", FAILS),
        ({"agreement_dynamics": paths(scratch=0.5, back=0.6)}, "agr-converges-directly", FAILS),
        ({"agreement": agreements()}, "agr-much-is-new", NOT_RUN),
    ],
)
def test_a_claim_about_agreement_can_fail(
    shipped: tuple[Rule, list[Claim]], tables: dict[str, pd.DataFrame], name: str, verdict: str
) -> None:
    assert verdicts(shipped, **tables)[name] == verdict


def permuted(share: float, beyond: float) -> pd.DataFrame:
    """permutation_null.csv of fine-tuning, whose shares are so far beyond those of permuted effects."""
    random = np.random.default_rng(0)
    rows = [
        (*cell, "finetune", measure, order, share, share - beyond + random.normal(0, 0.002))
        for cell, measure, order in product(CELLS, ("share", "scratch_ratio"), ("1", "2", "4", "all"))
    ]
    columns = ["target", "architecture", "seed", "model", "measure", "order", "measured", "chance"]
    return pd.DataFrame(rows, columns=columns)


@pytest.mark.parametrize(
    "name",
    ["int-small-part-preserved", "int-much-is-new", "int-scratch-acquires-little", "int-scratch-in-published-range"],
)
def test_a_share_at_its_permutation_null_decides_nothing(
    shipped: tuple[Rule, list[Claim]], knowledge: Maker, name: str
) -> None:
    rule, claims = shipped
    chosen = [claim for claim in claims if claim.id == name]
    networks = {name: {"vit": value} for name, value in (("architecture", "vgg16"), ("pretraining", "imagenet"))}
    setting = {**networks, "data": {"digits": "cifar10"}}
    for beyond, verdict in {0.1: HOLDS, 0.0: UNDECIDED}.items():
        tables = {"knowledge": knowledge(), "permutation_null": permuted(0.3, beyond)}
        row = decide(chosen, tables, rule, setting=setting, resamples=100).iloc[0]
        assert row["verdict"] == verdict
        assert chosen[0].control is not None
        if chosen[0].further:
            assert "permuted effects: " in row["note"]


def test_a_family_of_its_own_is_corrected_alone(shipped: tuple[Rule, list[Claim]]) -> None:
    rule, claims = shipped
    agr = [claim for claim in claims if claim.family == "agreement"]
    tables = {"agreement": agreements()}
    alone = decide(agr, tables, rule)["p_adjusted"]
    with_others = decide(claims, tables, rule).query("id.str.startswith('agr-')")["p_adjusted"]
    np.testing.assert_allclose(alone, with_others)
