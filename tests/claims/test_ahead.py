"""What an experiment can decide, before and after it has run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from whypretrain.claims import (
    ALL,
    DECIDABLE,
    NOT_RUN,
    OUTSIDE,
    UNDECIDED,
    Claim,
    Rule,
    by_seeds,
    decidable,
    load_scales,
)

CAST = {"finetune": ["a"], "scratch": ["b"], "probe": ["c"]}
SCALES = Path(__file__).parents[2] / "workflow/whypretrain/resources/scales.yaml"
CELLS = [("net", "mine")]
SMALL = {"architecture": {"net": "resnet18"}, "pretraining": {"net": "glyphs"}, "data": {"mine": "digits"}}
PAPER = {
    "architecture": {"net": "vit_base_patch32_224"},
    "pretraining": {"net": "imagenet"},
    "data": {"mine": "cifar10"},
}


def test_every_claim_has_one_place(shipped: tuple[Rule, list[Claim]]) -> None:
    rule, claims = shipped
    options = {"tables": ["runs", "layers"], "cast": CAST, "controls": [], "scales": [], "cells": CELLS}
    small = decidable(claims, rule, setting=SMALL, seeds=3, **options)
    assert sum(map(len, small.values())) == len(claims)
    assert "int-finetune-beats-scratch" in small[DECIDABLE]
    assert "uot-beats-random" in small[NOT_RUN]  # no such method
    assert "inv-positive-flow" in small[NOT_RUN]  # no such table
    assert "inv-scratch-forgets-most" in small[DECIDABLE]  # against one of the models that it names
    assert "inv-forgetting-jumps" in small[OUTSIDE]
    assert "inv-forgetting-jumps" in decidable(claims, rule, setting=PAPER, seeds=3, **options)[DECIDABLE]
    few = decidable(claims, rule, setting=PAPER, seeds=2, **options)
    assert few[DECIDABLE] == []
    assert "int-finetune-beats-scratch" in few[UNDECIDED]


def test_claims_on_the_excess_take_what_their_scale_is_made_from(shipped: tuple[Rule, list[Claim]]) -> None:
    """A ceiling that is not scored leaves the excess of interactions undecidable, and that of layers as it is."""
    rule, claims = shipped
    tables = ["permutation_null", "agreement", "controls", "layers", "scale"]
    options = {
        "tables": tables,
        "cast": CAST,
        "cells": CELLS,
        "setting": SMALL,
        "seeds": 3,
        "scales": load_scales(SCALES),
    }
    with_sham, without = (decidable(claims, rule, controls=each, **options) for each in (["sham"], []))
    assert "exc-pairs-are-kept" in with_sham[DECIDABLE]
    assert {"exc-pairs-are-kept", "exc-small-part-preserved"} <= set(without[NOT_RUN])
    for found in (with_sham, without):
        assert {"exc-invariances-are-kept", "exc-scratch-is-forgotten-more"} <= set(found[DECIDABLE])
    no_layers = decidable(claims, rule, controls=["sham"], **{**options, "tables": ["agreement", "scale"]})
    assert "exc-invariances-are-kept" in no_layers[NOT_RUN]


def test_undecided_claims_by_seeds() -> None:
    rows = [
        ("a", ALL, UNDECIDED, 7),
        ("b", ALL, UNDECIDED, np.nan),
        ("c", ALL, UNDECIDED, 4),
        ("d", "net", UNDECIDED, 4),
    ]
    table = pd.DataFrame([*rows, ("e", ALL, UNDECIDED, 7)], columns=["id", "architecture", "verdict", "seeds_needed"])
    assert by_seeds(table) == {4: ["c"], 7: ["a", "e"]}
