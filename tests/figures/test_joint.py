"""The tables of joint fine-tuning say what the runs say."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic import shown
from synthetic_joint import joint_runs, joint_tables

from whypretrain.errors import InputError
from whypretrain.figures import Settings, drawing
from whypretrain.figures.gains import with_gains


@pytest.fixture
def runs():
    return joint_runs()


@pytest.fixture
def given():
    return joint_tables()


def test_main_table_has_average_gain_and_the_published_number_once(given):
    table = shown("main_table", given).set_index(["method", "target"])
    assert table.loc[("joint_uot", "digits"), "estimate"] == pytest.approx(94)
    assert table.loc[("joint_uot", "average"), "estimate"] == pytest.approx(89)
    assert table.loc[("joint_uot", "gain"), "estimate"] == pytest.approx(3)
    assert table.loc[("joint_uot", "gain"), "high"] == pytest.approx(3)  # the same gain in every seed
    assert table.loc[("joint_uot", "digits"), "high"] == pytest.approx(94 + 4.302653 / np.sqrt(3), rel=1e-4)
    assert table["published"].dropna().to_dict() == {("joint_uot", "gain"): 2.93}


def test_ablation_compares_what_differs_by_the_choice_alone(given):
    table = shown("ablation", given)
    expected = {"finetune_long", "joint_uot", "joint_random", "joint_all", "joint_clusters"}
    assert set(table["method"]) == expected
    assert table.set_index(["target", "method"])["estimate"]["letters", "joint_random"] == pytest.approx(2)


def test_sensitivity_varies_one_setting_at_a_time(given):
    table = shown("sensitivity", given)
    assert table.groupby("setting")["value"].agg(lambda values: sorted(set(values))).to_dict() == {
        "source_classes": [5, 20], "source_ratio": [1, 2], "source_weight": [0.3, 3],
    }  # fmt: skip
    found = table.set_index(["target", "setting", "value"])["estimate"]
    assert found["digits", "source_weight", 3.0] == pytest.approx(90)  # heavy, not heavy_random


def test_target_sizes_are_means_over_seeds_in_points(given):
    table = shown("target_sizes", given).set_index("variant")
    assert table["estimate"].to_dict() == pytest.approx({"part_10": 1.05, "part_100": 0.105})


def test_tuning_shows_held_out_accuracy_and_how_often_a_setting_was_chosen(given):
    table = shown("tuning", given).set_index("tried")
    assert table["estimate"].to_dict() == pytest.approx({"λ 0.1": 91, "λ 3": 92})
    assert table["chosen"].to_dict() == {"λ 0.1": 1, "λ 3": 2}


def test_duplicates_pairs_what_differs_by_them_alone(given):
    table = shown("duplicates", given)
    assert set(table["method"]) == {"joint_uot"}
    found = table.set_index(["target", "drop_duplicates"])
    assert found.loc[("digits", False), "estimate"] == pytest.approx(94)
    assert found.loc[("digits", True), "estimate"] == pytest.approx(93)
    assert found["duplicates"].tolist() == [7] * 4


def test_runs_without_the_baseline_are_refused(runs):
    with pytest.raises(InputError, match="runs: no row with method 'finetune'"):
        with_gains(runs[runs["method"] != "finetune"], Settings())


def test_bold_is_what_is_ahead_of_fine_tuning_beyond_its_interval(runs):
    """joint_uot gains 3 points at every seed; heavy_random loses; few gains 4 on average, but not at every seed."""
    noisy = runs["method"] == "few"
    runs.loc[noisy, "accuracy"] += 0.1 * (runs.loc[noisy, "seed"] - 1)
    drawn, table = drawing.draw("main_table", {"runs": runs}, Settings())
    ahead = table.set_index(["method", "target"])["ahead"]
    assert ahead["joint_uot"].all()
    assert not ahead[["few", "heavy_random", "finetune"]].any()
    bold = {text.get_text() for text in drawn.axes[0].texts if text.get_weight() == "bold"}
    assert "94.0 ± 2.5" in bold
    assert not any("± 27" in text for text in bold)
