"""What each figure shows is what the tables say: interactions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from synthetic import one, shown

from whypretrain.figures import Settings, drawing
from whypretrain.figures.scratch_gap import correlation, within_settings

QUICK = Settings(resamples=50)
METHODS = ("probe", "finetune", "scratch")


def test_knowledge_shares_are_ratios_of_sums(given):
    table, rows = shown("knowledge", given), given["knowledge"]
    chosen = rows.query("architecture == 'resnet' and target == 'letters' and model == 'finetune' and order == 3")
    key = {"architecture": "resnet", "target": "letters", "order": 3}
    share = one(table, shows="share", kind="preserved", **key)
    assert share["estimate"] == pytest.approx(chosen["preserved"].sum() / chosen["pre"].sum())
    all_orders = rows.query("architecture == 'resnet' and target == 'letters' and model == 'finetune'")
    parts = chosen.groupby("seed")["new"].sum() / all_orders.groupby("seed")["pre"].sum()
    strength = one(table, shows="strength", kind="new", **key)
    assert strength["estimate"] == pytest.approx(parts.mean())
    assert strength["low"] < strength["estimate"] < strength["high"]


def test_knowledge_takes_one_threshold_and_normalisation(given):
    doubled = given["knowledge"].assign(normalised=False, preserved=0.0)
    both = pd.concat([given["knowledge"], doubled], ignore_index=True)
    table = shown("knowledge", {"knowledge": both})
    is_raw = table["shows"] == "raw share"
    alone = shown("knowledge", {"knowledge": given["knowledge"]})
    pd.testing.assert_frame_equal(table[~is_raw].reset_index(drop=True), alone)
    assert (table[is_raw & (table["kind"] == "preserved")]["estimate"] == 0).all()


def test_knowledge_and_scratch_ratio_show_what_chance_gives(given):
    for name, measure in (("knowledge", "share"), ("scratch_ratio", "scratch_ratio")):
        table = shown(name, given).query("shows == 'chance' and architecture == 'vit' and target == 'digits'")
        null = given["permutation_null"].query("architecture == 'vit' and target == 'digits' and model == 'finetune'")
        null = null[null["measure"] == measure]
        expected = null[null["order"].astype(str) != "all"].groupby("order")["chance"].mean()
        assert len(table) == len(expected)
        assert sorted(table["estimate"]) == pytest.approx(sorted(expected))


def test_scratch_ratio_over_all_orders(given):
    table, rows = shown("scratch_ratio", given), given["knowledge"]
    chosen = rows.query("architecture == 'vit' and target == 'digits' and model == 'finetune'")
    total = one(table, architecture="vit", target="digits", order="all")
    assert total["estimate"] == pytest.approx(chosen["scratch_shared"].sum() / chosen["preserved"].sum())


def test_scratch_ratio_tells_the_raw_ratio_and_the_accuracies(given):
    knowledge, runs = given["knowledge"], given["runs"]
    both = pd.concat([knowledge, knowledge.assign(normalised=False, scratch_shared=0.0)], ignore_index=True)
    figure, table = drawing.draw("scratch_ratio", {"knowledge": both, "runs": runs}, QUICK)
    assert (table[table["shows"] == "raw"]["estimate"] == 0).all()
    means = 100 * runs.query("architecture == 'vit' and target == 'digits'").groupby("method")["accuracy"].mean()
    expected = "accuracy " + ", ".join(f"{means[method]:.1f}" for method in METHODS)
    assert figure.axes[0].get_title(loc="left") == f"vit · digits\n{expected}"


def test_scratch_gap_pairs_ratio_and_gap_of_each_run(given):
    table, runs = shown("scratch_gap", given), given["runs"]
    key = {"architecture": "vit", "target": "digits"}
    run = one(table, shows="run", seed=1, **key)
    accuracy = runs.query("architecture == 'vit' and target == 'digits' and seed == 1").set_index("method")["accuracy"]
    assert run["gap"] == pytest.approx(100 * (accuracy["finetune"] - accuracy["scratch"]))
    rows = given["knowledge"].query(
        "architecture == 'vit' and target == 'digits' and seed == 1 and model == 'finetune'"
    )
    assert run["ratio"] == pytest.approx(100 * rows["scratch_shared"].sum() / rows["preserved"].sum())
    pairs = given["controls"].query("architecture == 'vit' and target == 'digits' and kind == 'finetune_vs_scratch'")
    alone = one(table, shows="alone", model="scratch", **key)
    assert alone["estimate"] == pytest.approx(100 * pairs["new_share"].mean())


def test_correlation_is_that_within_settings():
    """Two settings of three runs, falling within each and rising over both."""
    line = pd.DataFrame({"ratio": [1.0, 2, 3, 11, 12, 13], "gap": [5.0, 4, 3, 15, 14, 13], "seed": [0, 1, 2] * 2})
    runs = line.assign(architecture="vit", target=["digits"] * 3 + ["letters"] * 3)
    assert correlation(runs) > 0.9
    assert "within each of 2 settings of n = 3 seeds: mean -1.00" in within_settings(runs)
    assert "fewer than three" in within_settings(runs[runs["seed"] < 2])


def test_correlation_of_ratio_and_gap_is_not_told_of_two_runs():
    line = pd.DataFrame({"ratio": [1.0, 2, 3], "gap": [5.0, 4, 3]})
    assert correlation(line) == pytest.approx(-1)
    assert np.isnan(correlation(line[:2]))


def test_choices_names_each_setting_that_differs(given):
    table = shown("choices", given)
    named = {"as measured", "raw", "8 players", "probe paper", "zero", ""}
    assert set(table["setting"]) == named
    key = {"architecture": "vit", "target": "digits", "share": "scratch_ratio"}
    assert one(table, setting="as measured", **key)["estimate"] == pytest.approx(0.4)
    assert one(table, setting="raw", **key)["estimate"] == pytest.approx(0.3)


def test_sparsity_shows_the_error_beside_the_number_of_salient_interactions(given):
    table = shown("sparsity", given)
    row = one(table, shows="error", architecture="vit", target="digits", model="scratch", threshold=0.05)
    assert (row["salient"], row["estimate"]) == (pytest.approx(60), pytest.approx(0.12))
    assert "shows" not in shown("sparsity", {"sparsity": given["sparsity"]})


def test_controls_show_every_share_beside_the_measured_one(given):
    table = shown("controls", given)
    key = {"architecture": "vit", "target": "digits", "kind": "measured"}
    rows = given["knowledge"].query("architecture == 'vit' and target == 'digits' and model == 'finetune'")
    for share, part, whole in [
        ("share", "preserved", "pre"),
        ("new_share", "new", "tuned"),
        ("of_preserved", "scratch_shared", "preserved"),
    ]:
        assert one(table, share=share, **key)["estimate"] == pytest.approx(rows[part].sum() / rows[whole].sum())


def test_controls_have_intervals_where_pairs_share_no_model(given):
    pairs = given["controls"]
    within = pairs["kind"] != "scratch_vs_scratch"
    alone = {"controls": pairs.assign(seed_b=pairs["seed_b"].where(~within, pairs["seed_a"]))}
    axis = drawing.draw("controls", alone, QUICK)[0].axes[0]
    labels = [label.get_text() for label in axis.get_yticklabels()]
    lined = {labels[line.get_ydata()[0]] for line in axis.lines if line.get_marker() == "None"}
    assert lined == set(labels) - {"scratch, two seeds"}


def test_controls_call_the_last_row_by_what_it_shows(given):
    drawn, _ = drawing.draw("controls", given, QUICK)
    first = {
        axis.get_xlabel(): axis.get_yticklabels()[-1].get_text()
        for axis in drawn.axes
        if axis.get_yticklabels()[-1].get_text()
    }
    assert first == {
        "preserved share / %": "permuted: fine-tuned",
        "new share / %": "measured: fine-tuned",
        "share of the preserved / %": "permuted: from scratch",
    }


def test_joint_knowledge_shows_each_rule_beside_fine_tuning(given):
    table = shown("joint_knowledge", given)
    joint = {model for model in given["knowledge"]["model"] if model.startswith("joint_")}
    assert joint
    assert set(table["model"]) == {"finetune"} | joint
    rows = given["knowledge"].query("architecture == 'vit' and target == 'digits' and model == 'joint_uot'")
    place = {"architecture": "vit", "target": "digits", "model": "joint_uot"}
    for share, whole in [("preserved", "pre"), ("new", "tuned"), ("scratch_shared", "preserved")]:
        for order, part in [("all", rows), ("3", rows.query("order == 3"))]:
            found = one(table, share=share, order=order, **place)["estimate"]
            assert found == pytest.approx(part[share].sum() / part[whole].sum())


def test_similarity_fraction_is_of_each_run(given):
    table = shown("similarity", given)
    assert table.groupby("method")["step"].max().to_dict() == {"finetune": 150, "scratch": 600}
    assert (table.groupby("method")["fraction"].max() == 1).all()


def test_similarity_does_not_draw_the_end_that_is_1_by_definition(given):
    drawn, _ = drawing.draw("similarity", given, QUICK)
    lines = [line for axis in drawn.axes for line in axis.lines]
    assert lines
    assert all(max(line.get_ydata()) < 1 for line in lines)
