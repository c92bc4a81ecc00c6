"""Published numbers are decided in the setting that they were published for, and shown elsewhere."""

from __future__ import annotations

import pandas as pd

from whypretrain.claims import ALL, HOLDS, NOT_RUN, OUTSIDE, Claim, Rule, decide

VIT_B32 = {
    "architecture": {"vit": "vit_base_patch32_224"},
    "pretraining": {"vit": "imagenet"},
    "data": {"cifar10": "cifar10", "cifar100": "cifar100"},
}


def test_elsewhere_a_published_number_is_shown_and_not_decided(
    shipped: tuple[Rule, list[Claim]], published_layers: pd.DataFrame
) -> None:
    """The same curves as those of a small network: directions keep their verdicts, numbers have none."""
    rule, claims = shipped
    claims = [Claim(**{**vars(claim), "control": None}) for claim in claims if claim.paper == "arXiv:2307.06006"]
    small = {**VIT_B32, "architecture": {"vit": "vit_tiny_patch16_224 (other depth)"}}
    layers = published_layers[published_layers["target"].isin(["cifar10", "cifar100"])]
    found = [decide(claims, {"layers": layers}, rule, setting=setting) for setting in (VIT_B32, small, None)]
    paper, elsewhere, unknown = (table.set_index(["id", "architecture", "target"]) for table in found)
    ran = paper[paper["verdict"] != NOT_RUN].index
    magnitude = paper.loc[ran, "kind"] == "magnitude"
    assert magnitude.sum() == 36  # 12 claims over all, and on each target
    assert not (paper["verdict"] == OUTSIDE).any()
    for table in (elsewhere, unknown):
        assert ((table.loc[ran, "verdict"] == OUTSIDE) == magnitude).all()
        assert table.loc[ran, "estimate"].equals(paper.loc[ran, "estimate"])
        assert table.loc[ran, "published"].equals(paper.loc[ran, "published"])
        assert "vit_base_patch32_???, pre-trained on imagenet, on cifar10" in table.loc[ran][magnitude]["note"].iloc[0]


def test_of_several_targets_those_of_the_paper_decide(
    shipped: tuple[Rule, list[Claim]], published_layers: pd.DataFrame
) -> None:
    """The published early layers change by more than 0.05; data of another kind, on which they do not, have no say."""
    rule, claims = shipped
    chosen = [Claim(**{**vars(claim), "control": None}) for claim in claims if claim.id == "inv-early-layers-change"]
    layers = published_layers[published_layers["target"].isin(["cifar10", "cifar100"])]
    other = layers.assign(target="digits", forgetting=layers["forgetting"] / 100)
    table = decide(chosen, {"layers": pd.concat([layers, other])}, rule, setting=VIT_B32).set_index("target")
    assert table["verdict"].to_dict() == {ALL: HOLDS, "cifar10": HOLDS, "cifar100": HOLDS, "digits": OUTSIDE}
    assert "2 of 3 settings are the paper's" in table.loc[ALL, "note"]
