"""Claims name parts; the tables name the user's methods."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from whypretrain.claims import Claim, Measure, Rule, decide
from whypretrain.claims.parts import in_cast, missing_parts
from whypretrain.config.parts import CAST, CONTROLS

Maker = Callable[..., pd.DataFrame]
PARTS = [*CAST, "reinitialised"]
LETTERS = dict(zip(PARTS, "abcdefghijklmnopqrstuvwxyz", strict=False))
ALONE = {part: [part] for part in CAST}
RENAMED = {part: [LETTERS[part]] for part in CAST}


def renamed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with every method called by one letter."""

    def letter(name: str) -> str:
        bare = name.removesuffix("_from_start")
        return "_vs_".join(LETTERS.get(part, part) for part in bare.split("_vs_")) + name[len(bare) :]

    columns = [column for column in ("method", "model", "kind") if column in table]
    return table.assign(**{column: table[column].map(letter) for column in columns})


@pytest.fixture
def tables(accuracies: Maker, knowledge: Maker, published_layers: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Tables with rows for the claims of every paper; one model a part."""
    methods = ["probe", "finetune", "finetune_long", "scratch", "joint_uot", "joint_random", "joint_nearest"]
    pairs = ["finetune_vs_scratch", "finetune_vs_finetune_again", "other_image"]
    seeds = pd.DataFrame({"seed_a": [0, 1, 2], "architecture": "vit", "target": "digits"})
    random = np.random.default_rng(0)
    controls = seeds.merge(pd.DataFrame({"kind": pairs}), how="cross")
    controls[["share", "of_preserved"]] = random.uniform(0.1, 0.3, (len(controls), 2))
    several = [
        knowledge(preserved=share).assign(model=name) for name, share in {"finetune": 0.3, "scratch": 0.1}.items()
    ]
    return {
        "runs": accuracies(dict(zip(methods, np.linspace(0.6, 0.9, len(methods)), strict=True))),
        "knowledge": pd.concat(several),
        "controls": controls,
        "layers": published_layers.assign(
            scaled_forgetting=0.1, self_pre=0.9, self_tuned=0.9, stir_tuned_given_pre=0.8
        ),
    }


@pytest.mark.slow
def test_methods_of_one_letter_have_the_same_verdicts(
    shipped: tuple[Rule, list[Claim]], tables: dict[str, pd.DataFrame]
) -> None:
    rule, claims = shipped
    before = decide(claims, tables, rule, cast=ALONE, resamples=50)
    letters = {name: renamed(table) for name, table in tables.items()}
    pd.testing.assert_frame_equal(decide(claims, letters, rule, cast=RENAMED, resamples=50), before)
    pd.testing.assert_frame_equal(decide(claims, tables, rule, resamples=50), before)
    assert (before["verdict"] == "holds here").sum() > 10


def test_conditions_take_every_method_of_a_part() -> None:
    measure = Measure(
        "controls",
        "mean",
        where={"kind": "finetune_vs_scratch", "seed": 1},
        of={"model": "scratch_from_start"},
        minus={"model": ["finetune", "probe", "reinitialised", "my_own"]},
    )
    found = in_cast(measure, {"finetune": ["f"], "scratch": ["s", "t"]})
    assert found.where == {"kind": ["f_vs_s", "f_vs_t"], "seed": 1}
    assert found.of == {"model": ["s_from_start", "t_from_start"]}
    assert found.minus == {"model": ["f", "reinitialised", "my_own"]}
    assert found.over is None
    assert missing_parts(measure, {"finetune": ["f"], "scratch": ["s"]}) == ["probe"]


def test_a_part_that_no_method_has_is_what_a_claim_needs(shipped: tuple[Rule, list[Claim]], accuracies: Maker) -> None:
    rule, claims = shipped
    table = decide(claims, {"runs": accuracies({"x": 0.9})}, rule, cast={"finetune": ["x"]}).set_index("id")
    assert set(table["verdict"]) == {"not run"}
    assert table.loc["uot-beats-random", "note"].endswith(
        "needs a method that is 'joint, UOT' and a method that is 'joint, random'"
    )
    assert table.loc["uot-label-free", "note"].endswith(
        "needs joint fine-tuning on clusters (source classes by k-means, consistency loss)"
    )


def test_shipped_claims_name_parts_alone(shipped: tuple[Rule, list[Claim]]) -> None:
    measures = [claim.measure for claim in shipped[1]]
    measures += [control.measure for claim in shipped[1] for control in claim.controls]
    for measure in measures:
        for side in (measure.where, measure.of, measure.minus or {}, measure.over or {}):
            for column in {"method", "model"} & set(side):
                names = side[column] if isinstance(side[column], list) else [side[column]]
                assert {name.removesuffix("_from_start") for name in names} <= {*CAST, *CONTROLS}
