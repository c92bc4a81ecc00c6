"""What each figure shows is what the tables say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from synthetic import one, shown

from whypretrain.config.parts import Role
from whypretrain.errors import InputError
from whypretrain.figures import Settings, drawing
from whypretrain.figures.cast import Cast

QUICK = Settings(resamples=50)
METHODS = ("probe", "finetune", "scratch")


def test_accuracy_shows_means_and_the_paired_gain(given):
    table, runs = shown("accuracy", given), given["runs"]
    here = runs[(runs["architecture"] == "vit") & (runs["target"] == "digits")]
    by_method = here.groupby("method")["accuracy"].mean() * 100
    row = {"architecture": "vit", "target": "digits"}
    mean = one(table, shows="mean", method="scratch", **row)
    assert mean["estimate"] == pytest.approx(by_method["scratch"])
    assert mean["low"] < mean["estimate"] < mean["high"]
    gain = one(table, shows="difference", **row)
    assert gain["estimate"] == pytest.approx(by_method["joint_uot"] - by_method["finetune"])
    assert (table["shows"] == "seed").sum() == len(runs)


def test_layers_of_one_seed_have_bands_over_its_draws(given):
    """Half the width is t of 2 degrees of freedom times sd / sqrt(3)."""
    single = given["layers"].query("seed == 0")
    assert shown("layers", {"layers": single})["low"].isna().all()
    told = single.assign(repeats=3, forgetting_sd=0.01, learning_sd=0.02, cka_divergence_sd=0.0)
    table = shown("layers", {"layers": told}).set_index("metric")
    width = (table["high"] - table["estimate"]).groupby("metric", sort=False)
    for metric, sd in (("forgetting", 0.01), ("learning", 0.02), ("cka_divergence", 0.0)):
        assert width.get_group(metric).tolist() == pytest.approx(
            [4.3027 * sd / 3**0.5] * len(width.get_group(metric)), rel=1e-4
        )
    seeds = given["layers"].assign(repeats=3, forgetting_sd=0.01)
    pd.testing.assert_frame_equal(shown("layers", {"layers": seeds}), shown("layers", {"layers": given["layers"]}))


@pytest.mark.parametrize("name", ["sparsity", "dynamics", "concepts", "knowledge"])
def test_intervals_are_drawn_where_there_are_several_seeds(name, given):
    one_seed = {key: table[table["seed"] == 0] for key, table in given.items() if "seed" in list(table)}
    drawn = [
        sum(
            np.isfinite(path.vertices).all() and np.ptp(path.vertices) > 0
            for axis in drawing.draw(name, tables, QUICK)[0].axes[:4]
            for part in axis.collections
            for path in part.get_paths()
        )
        for tables in (given, one_seed)
    ]
    assert drawn[0] > drawn[1]


def test_accuracy_of_one_target_has_one_range(given):
    drawn, _ = drawing.draw("accuracy", given, QUICK)
    ranges = {axis.get_title(loc="left").split("\n")[0]: axis.get_xlim() for axis in drawn.axes}
    assert ranges["vit · digits"] == ranges["resnet · digits"] != ranges["vit · letters"] == ranges["resnet · letters"]


def test_layers_turn_controls_into_what_the_metric_would_show(given):
    table = shown("layers", given)
    key = {"architecture": "vit", "target": "digits", "model": "finetune", "layer": 1}
    assert one(table, metric="permuted", **key)["estimate"] == pytest.approx(1 - 0.02)
    assert one(table, metric="self_tuned", **key)["estimate"] == pytest.approx(1 - 0.97)
    assert one(table, metric="permuted_learning", **key)["estimate"] == pytest.approx(1 - 0.03)


@pytest.mark.parametrize(
    ("model", "layer", "forgetting"),
    [("finetune", 1, 0.127), ("scratch_from_start", 1, 0.870)],  # the paper's "random": against its own start
)
def test_layers_show_published_curves_under_our_names(given, model, layer, forgetting):
    table = shown("layers", given)
    published = table[table["origin"] == "published"]
    assert set(published["model"]) == {"finetune", "scratch_from_start"}
    assert one(published, metric="forgetting", model=model, layer=layer)["estimate"] == forgetting


def test_published_curves_follow_targets_and_models(given):
    renamed = given["layers"].replace({"target": {"digits": "cifar100"}, "model": {"joint_uot": "neighbour"}})
    table = shown("layers", {**given, "layers": renamed})
    published = table[table["origin"] == "published"]
    assert set(published["target"]) == {"cifar100"}
    assert set(published["model"]) == {"finetune", "scratch_from_start", "neighbour"}
    assert one(published, metric="forgetting", model="neighbour", layer=1)["estimate"] == 0.496
    assert shown("dynamics", {**given, "layer_dynamics": given["layer_dynamics"].assign(target="cifar100")})[
        "target"
    ].unique().tolist() == ["cifar100"]


def test_dynamics_have_bounds_over_seeds(given):
    table = shown("dynamics", given).query("origin == 'measured' and step == 20")
    assert (table["low"] <= table["estimate"]).all()
    assert (table.query("metric == 'forgetting'")["low"] < table.query("metric == 'forgetting'")["high"]).all()


def test_robustness_spreads_are_population_standard_deviations(given):
    """Layers 2 to 12 of the paper's Fig. 5b at epoch 1, by the formula of our own."""
    forgetting = [0.109, 0.073, 0.057, 0.061, 0.069, 0.088, 0.093, 0.092, 0.073, 0.087, 0.109]
    table = shown("robustness", given)
    found = one(table, origin="published", kind="spread", step=1)["estimate"]
    assert found == pytest.approx(np.sqrt(np.mean((np.array(forgetting) - np.mean(forgetting)) ** 2)))


def test_robustness_correlates_up_to_each_step_from_the_third_on(given):
    table = shown("robustness", given)
    key = {"origin": "measured", "kind": "growing", "architecture": "vit", "target": "digits"}
    assert table[(table["kind"] == "growing") & (table["origin"] == "measured")]["step"].unique().tolist() == [20, 60]
    found, runs = one(table, step=20, **key)["estimate"], []
    for seed in (0, 1, 2):
        where = f"architecture == 'vit' and target == 'digits' and seed == {seed} and 0 < step <= 20"
        deep = given["layer_dynamics"].query(where).query("metric == 'forgetting' and layer > 1")
        spread = deep.groupby("step")["value"].std(ddof=0)
        accuracy = given["corrupted"].query(where).query("severity > 0").pivot(index="step", columns="severity")
        runs.append(np.mean([np.corrcoef(spread, accuracy["accuracy", s])[0, 1] for s in range(1, 6)]))
    assert found == pytest.approx(np.mean(runs))


def test_layers_shows_the_estimator_that_was_asked_for(given):
    layers = given["layers"].copy()
    layers.loc[layers["estimator"] == "unbiased", "forgetting"] = 0.5
    table = shown("layers", {"layers": layers}, estimator="unbiased")
    assert (table[table["metric"] == "forgetting"]["estimate"] == 0.5).all()


def test_flow_is_the_mean_over_seeds_of_every_target_and_model(given):
    table = shown("flow", given)
    cell = given["flow"].query("architecture == 'vit' and target == 'letters' and model == 'joint_uot'")
    cell = cell.query("reference_layer == 4 and tested_layer == 1")
    key = {"architecture": "vit", "target": "letters", "reference_layer": 4, "tested_layer": 1}
    assert one(table, kind="excess", model="joint_uot", **key)["estimate"] == pytest.approx(cell["excess"].mean())
    assert one(table, kind="null", **key)["estimate"] == pytest.approx(cell["null_flow"].mean())
    assert set(table["target"]) == {"digits", "letters", "cifar10"}
    assert set(table.query("origin == 'published'")["model"]) == {"finetune"}


def test_flow_shows_the_published_reconstruction_beside_ours(given):
    renamed = given["flow"].replace({"model": {"scratch": "reconstruct"}})
    table = shown("flow", {**given, "flow": renamed}).query("origin == 'published'")
    cell = {"reference_layer": 1, "tested_layer": 2, "target": "cifar10"}
    assert one(table, model="finetune", **cell)["estimate"] == -0.03
    assert one(table, model="reconstruct", **cell)["estimate"] == 0.05


def test_selection_ranks_by_the_mean_score(given):
    table = shown("selection", given, top=5)
    select = given["select"].query("architecture == 'vit' and target == 'digits' and rule == 'uot'")
    best = select.groupby("class_index")["score"].mean().nlargest(5)
    classes = table.query("architecture == 'vit' and target == 'digits'").dropna(subset="rank")
    assert classes["class_index"].tolist() == best.index.tolist()
    own = one(table, architecture="vit", target="digits", rule="uot", rank=1)
    assert own["score"] == pytest.approx(best.iloc[0])


def test_selection_overlap_of_a_rule_with_itself_is_all_of_it(given):
    table = shown("selection", given).dropna(subset="overlap")
    assert (table[table["rule"] == "uot"]["overlap"] == 20).all()
    assert table["overlap"].between(0, 20).all()


def test_concept_shares_sum_to_one_and_chance_is_the_share_of_all_classes(given):
    table = shown("concepts", given)
    sums = table.groupby(["architecture", "target", "rule"])["estimate"].sum()
    np.testing.assert_allclose(sums, 100)
    assert table.set_index("concept")["chance"]["latin"].iloc[0] == pytest.approx(100 * 40 / 92)


def test_concepts_without_any_chosen_class_says_so(given):
    with pytest.raises(InputError, match="select: no class is marked"):
        shown("concepts", {"select": given["select"].assign(selected=False)})


def test_across_is_the_mean_over_seeds_of_what_was_measured(given):
    table = shown("across", given)
    models = given["across"].query("architecture == 'vit' and target == 'digits' and method == 'finetune'")
    key = {"architecture": "vit", "target": "digits", "method": "finetune"}
    for measure in ("accuracy", "preserved", "forgetting_early", "cka_late"):
        found = one(table, measure=measure, **key)
        assert found["estimate"] == pytest.approx(100 * models[measure].mean())
        assert found["low"] < found["estimate"] < found["high"]
    assert set(table[table["method"] == "probe"]["measure"]) == {"accuracy"}


def test_correlations_show_accuracy_before_fine_tuning_too(given):
    table = shown("correlations", given)
    before = table.query("model == 'pretrained' and kind == 'accuracy'")
    assert before.query("origin == 'published'")["estimate"].tolist() == [0.51] * 4
    ours = before.query("origin == 'measured'")["estimate"]
    assert len(ours) == 4
    assert ours.tolist() == pytest.approx([given["pretraining"]["accuracy"].mean()] * 4)


def test_correlations_show_all_published_rows(given):
    theirs = shown("correlations", given).query("origin == 'published' and model != 'pretrained'")
    assert theirs["kind"].value_counts().to_dict() == {"pearson_r": 8, "accuracy": 8}
    assert one(theirs, kind="pearson_r", target="cifar100", model="neighbour")["estimate"] == 0.995


def test_inversions_measure_the_distance_of_pixels(given):
    table, pictures = shown("inversions", given), given["pictures"][0]
    difference = pictures.inversions["finetune"][2, 1].astype(float) - pictures.images[1]
    row = one(table, architecture="vit", model="finetune", layer=3, image=1)
    assert row["pixel_distance"] == pytest.approx(np.sqrt((difference**2).mean()))


def test_inversions_show_joint_training_where_it_was_measured(given):
    assert set(shown("inversions", given)["model"]) == {"pretrained", "finetune", "joint_uot", "scratch"}
    other = Cast(roles={Role.JOINT: "joint_random"})
    assert set(shown("inversions", given, cast=other)["model"]) == {"pretrained", "joint_random"}


def test_patches_shows_the_players_of_the_strongest_interaction(given):
    figure, _ = drawing.draw("patches", given, QUICK)
    first = next(axis for axis in figure.axes if axis.get_xlabel() == "+0.30")
    shown, image = first.get_images()[0].get_array(), given["target_data"]["digits"].images[0, 0] / 255
    np.testing.assert_allclose(shown[:4, :4], image[:4, :4])  # coalition 5: players 0 and 2, the left half
    np.testing.assert_allclose(shown[4:, :4], image[4:, :4])
    assert np.abs(shown[:, 4:] - 0.5).max() < 0.13  # the others are faded
    edges = sum(len(lines.get_segments()) for lines in first.collections) / 2
    assert edges == 8 + 8 + 4 + 4  # the outline of 8 x 4 positions


def test_patches_compares_hiding_with_random_players(given):
    table, rows = shown("patches", given), given["strongest"]
    here = rows.query("architecture == 'vit' and target == 'digits' and model == 'finetune' and kind == 'new'")
    key = {"shows": "change", "architecture": "vit", "target": "digits", "kind": "new"}
    assert one(table, hidden="change", **key)["estimate"] == pytest.approx(here["change"].mean())
    assert one(table, hidden="random_change", **key)["estimate"] == pytest.approx(here["random_change"].mean())


def test_patches_without_the_images_of_a_target_names_it(given):
    with pytest.raises(InputError, match="target data: nothing for 'letters'; there is digits"):
        shown("patches", {**given, "target_data": {"digits": given["target_data"]["digits"]}})
