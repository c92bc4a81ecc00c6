"""What each figure shows is what the tables say: agreement by degree."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.text import Text
from scipy.stats import ttest_1samp
from synthetic import shown

from whypretrain.figures import Settings, degrees, drawing
from whypretrain.statistics import holm

SERIES = {"finetune", "joint_uot", "scratch", "reinitialised", "reinitialised_probe", "sham", "other_image"}


def test_agreement_shows_the_roles_and_all_controls(given):
    table, rows = shown("agreement", given), given["agreement"]
    assert set(table["series"]) == SERIES
    key = "architecture == 'vit' and target == 'letters' and degree == '3'"
    for kind, series in {"probe_vs_finetune": "finetune", "other_image": "other_image"}.items():
        found = table.query(f"{key} and series == '{series}'")
        assert found["estimate"].item() == pytest.approx(rows.query(f"{key} and kind == '{kind}'")["agreement"].mean())
        assert found["low"].item() < found["estimate"].item() < found["high"].item()


def test_an_agreement_that_is_not_defined_is_left_out(given):
    unknown = given["agreement"].assign(agreement=lambda rows: rows["agreement"].where(rows["degree"] != "2"))
    table = shown("agreement", {"agreement": unknown})
    assert "2" not in set(table["degree"])
    assert {"1", "3", "all"} <= set(table["degree"])


def test_a_negative_common_part_hangs_below_zero(given):
    figure, table = drawing.draw("unique", given, Settings(resamples=50))
    np.testing.assert_allclose(table.groupby(["architecture", "target", "degree"])["estimate"].sum(), 1)
    bars = [bar for axis in figure.axes if axis.axison for bar in axis.patches]
    below = [bar for bar in bars if bar.get_height() < 0]
    assert len(below) == 4  # degree 4 of each panel
    assert all(bar.get_y() == 0 and bar.get_height() == pytest.approx(-5) for bar in below)
    tops = [bar.get_y() + bar.get_height() for bar in bars if bar.get_x() + bar.get_width() / 2 == pytest.approx(4)]
    assert max(tops) == pytest.approx(105)


def test_paths_leave_out_the_end_that_is_one_by_construction(given):
    figure, table = drawing.draw("paths", given, Settings(resamples=50))
    row = table.query(
        "architecture == 'vit' and target == 'digits' and towards == 'pretrained' and method == 'scratch'"
    )
    assert row.query("step == 600 and degree == 'all'")["estimate"].item() == pytest.approx(0.3)
    assert row.query("step == 600")["fraction"].eq(1).all()
    ends = [max(line.get_xdata()) for axis in figure.axes for line in axis.lines if len(line.get_xdata()) > 2]
    assert sum(end < 1 for end in ends) == sum(end == 1 for end in ends) == 4 * 2 * 2  # panels, degrees, methods


def test_controls_show_the_permutation_null_next_to_the_measured_share(given):
    table = shown("controls", given).query("kind == 'permuted' and architecture == 'vit' and target == 'digits'")
    assert dict(zip(table["share"], table["estimate"], strict=True)) == pytest.approx(
        {"share": 0.2, "of_preserved": 0.25}
    )
    without = {name: rows for name, rows in given.items() if name != "permutation_null"}
    assert "permuted" not in set(shown("controls", without)["kind"])


def test_degrees_that_are_not_drawn_are_in_the_table(given):
    rows = degrees.of_degrees(given["agreement"])
    assert set(degrees.drawn(rows)["degree"]) == {"1", "2", "3", "4", "5", "6", "all"}
    assert "8" in set(shown("agreement", given)["degree"])
    assert "Degrees above 6" in degrees.highest(rows)
    assert degrees.highest(rows[rows["degree"] < "5"]) == ""


def test_floors_hold_both_measures_of_every_control(given):
    figure, table = drawing.draw("floors", given, Settings(resamples=50))
    assert set(table["series"]) == SERIES
    here = table.query("architecture == 'resnet' and target == 'digits'")
    untrained = here.query("series == 'reinitialised'")
    assert untrained.query("measure == 'share'")["estimate"].item() == pytest.approx(0.28)
    assert untrained.query("measure == 'permuted'")["estimate"].item() == pytest.approx(0.27)
    rows = given["agreement"].query(
        "architecture == 'resnet' and target == 'digits' and kind == 'probe_vs_reinitialised' and degree == '2'"
    )["agreement"]
    row = untrained.query("measure == 'agreement' and degree == '2'").iloc[0]
    assert row["estimate"] == pytest.approx(rows.mean())
    assert row["p_value"] == pytest.approx(ttest_1samp(rows, 0).pvalue)
    texts = [text.get_text().replace("\n", " ") for text in figure.findobj(Text)]
    assert "untrained network" in texts
    assert "probe, untrained backbone" in texts
    assert texts.count("0.28 ± 0.00") >= 3 * 4


def test_floors_correct_a_models_tests_together(given):
    table = shown("floors", given).query("measure == 'agreement'")
    for series, level in {"reinitialised": 0, "sham": 1}.items():
        tested = table.query(f"series == '{series}'")
        assert len(tested) == 4 * 9
        np.testing.assert_allclose(tested["p_holm"], holm(tested["p_value"]))
        assert ((tested["p_holm"] < 0.05).mean() > 0.5) == level
    one = given["agreement"].query("seed_a == 0")
    assert shown("floors", {"agreement": one})["p_holm"].isna().all()
    figure, table = drawing.draw("floors", {"agreement": one}, Settings(resamples=50))
    assert set(table["measure"]) == {"agreement"}
    assert not {"p", "share", "permuted"} & {text.get_text().replace("\n", " ") for text in figure.findobj(Text)}


FROM = {"agreement": "agreement", "floors": "agreement", "paths": "agreement_dynamics"}


@pytest.mark.parametrize(("name", "table"), FROM.items())
def test_of_one_seed_the_intervals_are_over_images(name, table, synthetic, tmp_path):
    given = synthetic(seeds=(0,)).all(tmp_path)
    measured = given[table].assign(low=given[table]["agreement"] - 0.1, high=given[table]["agreement"] + 0.2)
    figure, found = drawing.draw(name, {**given, table: measured}, Settings(resamples=10))
    found = found[found["measure"] == "agreement"] if "measure" in found else found
    np.testing.assert_allclose(found["high"] - found["estimate"], 0.2)
    np.testing.assert_allclose(found["estimate"] - found["low"], 0.1)
    assert any("95 % interval over images" in text.get_text().replace("\n", " ") for text in figure.findobj(Text))
