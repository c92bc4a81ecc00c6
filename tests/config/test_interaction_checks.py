"""Mistakes in the section interactions, each with one clear message."""

import pytest
from test_checks import DEFAULT, merged

from whypretrain.config import check, remarks
from whypretrain.config.parts import Role
from whypretrain.errors import InputError
from whypretrain.figures import FIGURES, drawn
from whypretrain.interactions.registry import TABLES, available

SAMPLED = {"coalitions": "sampled"}
MISTAKES = {
    "moved control": (
        {"interactions": {"score": {"reinitialised": True}}},
        "interactions.score.reinitialised has gone; name it in the list controls now",
    ),
    "sham without a recipe": (
        {"grid": {"methods": ["probe", "scratch"]}, "interactions": {"score": {"controls": ["sham"]}}},
        "interactions.score.controls has 'sham', which repeats the recipe of plain fine-tuning; add such a method",
    ),
    "sham without the source of a checkpoint": (
        {
            "models": {"vit": {"checkpoint": "timm:vit_tiny_patch16_224"}},
            "interactions": {"score": {"controls": ["sham"]}},
        },
        "which trains on the source, but models.vit.checkpoint was not trained on 'glyphs'; name its own data",
    ),
    "controls of a variant": (
        {"interactions": {"variants": {"zero": {"baseline": "zero", "controls": ["sham"]}}}},
        "interactions.variants.zero.controls: the table of sensitivities has no controls; leave it out",
    ),
    "too many coalitions": (
        {"interactions": {"score": {"players": 64, "grid": 8}}},
        "interactions.score: 64 players have 2^64 coalitions; give at most 16, or coalitions: sampled",
    ),
    "few random coalitions": ({"interactions": {"score": {"number": 9}}}, "interactions.score.number must be"),
    "AND-OR of random coalitions": (
        {"interactions": {"score": SAMPLED, "analysis": {"kind": "and_or"}}},
        "interactions.analysis.kind: and_or splits scores of all coalitions; leave it out, or score all coalitions",
    ),
    "sensitivity of random coalitions": (
        {"interactions": {"score": SAMPLED, "analysis": {"players": [4]}}},
        "interactions.analysis.players is for the table of sensitivities, which needs all coalitions; leave it out",
    ),
    "variants of random coalitions": (
        {"interactions": {"score": SAMPLED, "variants": {"zero": {"baseline": "zero"}}}},
        "interactions.variants are for the table of sensitivities, which needs all coalitions; leave it out",
    ),
    "variant of random coalitions": (
        {"interactions": {"variants": {"many": {"players": 64, "grid": 8, **SAMPLED}}}},
        "interactions.variants.many.coalitions: the table of sensitivities needs all; leave it out",
    ),
    "precision of random coalitions": (
        {"interactions": {"score": {**SAMPLED, "dtype": "bfloat16"}}},
        "interactions.score: dtype bfloat16 is checked on all coalitions; use float32 where they are sampled",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named_in_one_line(name: str) -> None:
    change, message = MISTAKES[name]
    with pytest.raises(InputError) as refused:
        check(merged(DEFAULT, change), places=False)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_random_coalitions_leave_out_what_needs_all_and_say_so() -> None:
    score = {**SAMPLED, "players": 64, "grid": 8}
    config = check(merged(DEFAULT, {"interactions": {"score": score}}))
    [remark] = remarks(config)
    assert "interactions.score.coalitions is sampled" in remark
    lost = set(TABLES) - set(available(dict.fromkeys(Role, "m"), ["a", "b"], sampled=True))
    assert lost == set(TABLES) - {"agreement", "agreement_dynamics"}
    needing = {name for name, figure in FIGURES.items() if lost & set(figure.tables)}
    assert needing == {name for name, figure in FIGURES.items() if "every_coalition" in figure.when}
    of_images = {name for name in needing if "text" not in FIGURES[name].when}
    assert set(drawn(check(DEFAULT))) - set(drawn(config)) == of_images
    assert {"agreement", "floors", "paths", "across"} <= set(drawn(config))
