"""Claims on planted effects and invariances, on tables in which the answer is known."""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest

from whypretrain.claims import FAILS, HOLDS, UNDECIDED, Claim, Rule, decide

CAST = {"finetune": ["tuned"], "finetune_plain": ["upright"]}
Shipped = tuple[Rule, list[Claim]]


def verdicts(shipped: Shipped, **tables: pd.DataFrame) -> pd.Series:
    rule, claims = shipped
    own = [claim for claim in claims if claim.id.startswith("validity-planted")]
    return decide(own, tables, rule, cast=CAST).query("target == 'all'").set_index("id")["verdict"]


def planted(found: float = 1.0, removed_found: float = 1.0) -> pd.DataFrame:
    """Ten images a run, a part of which show the pair first; an untrained network keeps nothing of it."""
    rows = []
    for fate, model, seed, image in product(["kept", "removed"], ["tuned", "reinitialised"], range(3), range(10)):
        first = image < 10 * (found if fate == "kept" else removed_found)
        kept = first and fate == "kept" and model == "tuned"
        rows.append(
            {"target": fate, "architecture": "vit", "seed": seed, "model": model, "fate": fate}
            | {"pretrained_first": int(first), "preserved_first": int(kept), "discarded": int(not kept)}
        )
    return pd.DataFrame(rows)


def test_a_planted_effect_that_is_found_and_followed(shipped: Shipped) -> None:
    found = verdicts(shipped, planted=planted()).filter(regex="planted-(found|kept|removed)")
    assert len(found) == 4
    assert (found == HOLDS).all()


def test_one_that_is_not_found_decides_nothing_about_its_removal(shipped: Shipped) -> None:
    found = verdicts(shipped, planted=planted(found=0.5, removed_found=0.5))
    assert found["validity-planted-found"] == FAILS
    assert found["validity-planted-kept"] == FAILS
    assert found["validity-planted-removed"] == UNDECIDED  # its control: it has to be there first


def accuracies(lost: float, lost_upright: float) -> pd.DataFrame:
    """At the start all alike; at the end the upright model has lost so much on rotated and on upright images."""
    rows = []
    for model, seed, step, severity in product(["tuned", "upright"], range(3), [0, 100], range(6)):
        fall = (lost if severity else lost_upright) * (model == "upright") * (step == 100)
        kind = "rotation" if severity else "none"
        rows.append(
            {
                "target": "digits",
                "architecture": "vit",
                "seed": seed,
                "model": model,
                "step": step,
                "severity": severity,
            }
            | {"corruption": kind, "accuracy": 0.8 + 0.001 * seed * (model == "tuned") - fall}
        )
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("lost", "upright", "verdict"), [(0.3, 0.02, HOLDS), (0.1, 0.1, UNDECIDED), (-0.1, 0.0, FAILS)]
)
def test_robustness_names_the_model_that_gave_it_up(
    shipped: Shipped, lost: float, upright: float, verdict: str
) -> None:
    """Accuracy that is lost on upright images, too, is no loss of the invariance."""
    found = verdicts(shipped, corrupted=accuracies(lost, upright))
    assert found["validity-planted-rotation-robustness"] == verdict


@pytest.mark.parametrize(("more", "verdict"), [(0.1, HOLDS), (-0.1, FAILS)])
def test_forgetting_has_to_name_it_too(shipped: Shipped, more: float, verdict: str) -> None:
    layers = pd.DataFrame(
        [
            {"target": "digits", "architecture": "vit", "seed": seed, "model": model, "layer": layer}
            | {"estimator": "biased", "forgetting": 0.2 + 0.001 * seed * layer + more * (model == "upright")}
            for model, seed, layer in product(["tuned", "upright"], range(3), [1, 2, 3, 4])
        ]
    )
    found = verdicts(shipped, layers=layers).filter(like="forgotten")
    assert list(found) == [verdict, verdict]
