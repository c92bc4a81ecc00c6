"""The tables of joint fine-tuning say what the runs say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whypretrain.errors import InputError
from whypretrain.figures import Settings, registry
from whypretrain.figures.joint import FIGURES, with_gains

REFERENCE = ("uot", "labels", 20, 0.3, 1.0)
NONE = (None, None, None, None, None)
METHODS = {  # recipe, accuracy
    "finetune": (NONE, 0.90),
    "finetune_long": (NONE, 0.91),
    "joint_uot": (REFERENCE, 0.93),
    "joint_random": (("random", "labels", 20, 0.3, 1.0), 0.92),
    "joint_all": (("all", "labels", 60, 0.3, 1.0), 0.915),
    "joint_clusters": (("uot", "consistency", 50, 0.3, 1.0), 0.905),
    "few": (("uot", "labels", 5, 0.3, 1.0), 0.94),
    "heavy": (("uot", "labels", 20, 3.0, 1.0), 0.89),
    "heavy_random": (("random", "labels", 20, 3.0, 1.0), 0.88),
    "twice": (("uot", "labels", 20, 0.3, 2.0), 0.935),
    "distinct": (REFERENCE, 0.92),
    "tuned": (("uot", "labels", 20, 3.0, 1.0), 0.95),
}


@pytest.fixture
def runs():
    rows = [
        (
            target,
            "resnet",
            method,
            seed,
            accuracy + 0.01 * seed - 0.1 * (target == "letters"),
            *recipe,
            method == "distinct" if recipe[0] else None,
            6 if method == "tuned" else None,
            90,
            7,
        )
        for target in ("digits", "letters")
        for seed in (0, 1, 2)
        for method, (recipe, accuracy) in METHODS.items()
    ]
    columns = ["target", "architecture", "method", "seed", "accuracy"]
    source = ["source", "source_loss", "source_classes", "source_weight", "source_ratio", "drop_duplicates"]
    source += ["trials", "source_images", "duplicates"]
    return pd.DataFrame(rows, columns=[*columns, *source])


@pytest.fixture
def given(runs):
    sizes = pd.DataFrame(
        [
            ("digits", "resnet", "joint_uot", seed, f"part_{size}", size, (0.1 + seed / 100) / size)
            for seed in (0, 1)
            for size in (10, 100)
        ],
        columns=["target", "architecture", "method", "seed", "variant", "train_size", "gain"],
    )
    keys = ["target", "architecture", "method", "seed", "trial", "fold", "source_weight", "held_out"]
    trials = pd.DataFrame(
        [
            (
                "digits",
                "resnet",
                "tuned",
                seed,
                trial,
                fold,
                weight,
                10,
                0.9 + 0.01 * trial + 0.02 * fold,
                trial == best,
            )
            for seed, best in ((0, 0), (1, 1), (2, 1))
            for trial, weight in enumerate((0.1, 3.0))
            for fold in (0, 1)
        ],
        columns=[*keys, "accuracy", "chosen"],
    )
    published = pd.DataFrame({"quantity": ["average_accuracy_gain"], "value": [2.93]})
    return {"runs": runs, "target_sizes": sizes, "tuning": trials, "published_uot": published}


def shown(name, given):
    return FIGURES[name](given, Settings())[1]


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


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_bytes_every_time_from_one_seed(name, given, tmp_path):
    given = {key: table[table["seed"] == 0] if "seed" in table else table for key, table in given.items()}
    for folder in ("a", "b"):
        registry.save(*FIGURES[name](given, Settings(columns="one")), tmp_path / folder)
    for suffix in ("png", "svg", "csv"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_runs_without_the_baseline_are_refused(runs):
    with pytest.raises(InputError, match="runs: no row with method 'finetune'"):
        with_gains(runs[runs["method"] != "finetune"], Settings())


def test_bold_is_what_is_ahead_of_fine_tuning_beyond_its_interval(runs):
    """joint_uot gains 3 points at every seed; heavy_random loses; few gains 4 on average, but not at every seed."""
    noisy = runs["method"] == "few"
    runs.loc[noisy, "accuracy"] += 0.1 * (runs.loc[noisy, "seed"] - 1)
    drawn, table = FIGURES["main_table"]({"runs": runs}, Settings())
    ahead = table.set_index(["method", "target"])["ahead"]
    assert ahead["joint_uot"].all()
    assert not ahead[["few", "heavy_random", "finetune"]].any()
    bold = {text.get_text() for text in drawn.axes[0].texts if text.get_weight() == "bold"}
    assert "94.0 ± 2.5" in bold
    assert not any("± 27" in text for text in bold)
