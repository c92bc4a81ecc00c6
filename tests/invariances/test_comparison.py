"""Tables of two models: identities, controls, sharing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.invariances import ESTIMATORS, compare, examine, linear_cka, permuted_chance, starting_noise

SETTINGS = {"steps": 40, "step_size": 0.3, "seed": 0}


@pytest.fixture(scope="module")
def subjects(images, make_network):
    return [examine(make_network(seed=seed), images, **SETTINGS) for seed in (0, 1)]


@pytest.fixture(scope="module")
def tables(subjects):
    return compare(*subjects)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("layer", [1, 3])
def test_layer_values_are_those_of_plain_cka(subjects, tables, images, estimator, layer):
    (pre, tuned), unbiased = subjects, estimator == "unbiased"
    row = tables[0].query("estimator == @estimator and layer == @layer").iloc[0]

    def cka(tested, inputs, reference=None):
        with torch.no_grad():
            pair = [(reference or tested).model.blocks(images)[layer - 1], tested.model.blocks(inputs)[layer - 1]]
        return linear_cka(*pair, unbiased=unbiased)

    on_pre, on_tuned = (subject.inversions[layer - 1] for subject in subjects)
    noise = starting_noise(images, seed=0).clamp(0, 1)
    expected = {
        "forgetting": 1 - cka(tuned, on_pre.images),
        "learning": 1 - cka(pre, on_tuned.images),
        "cka_divergence": 1 - cka(tuned, images, pre),
        "stir_tuned_given_pre": cka(tuned, on_pre.images),
        "stir_pre_given_tuned": cka(pre, on_tuned.images),
        "self_pre": cka(pre, on_pre.images),
        "self_tuned": cka(tuned, on_tuned.images),
        "residual_pre": float(on_pre.residual.mean()),
        "residual_tuned": float(on_tuned.residual.mean()),
        "seed_level": cka(tuned, noise),
        "seed_level_learning": cka(pre, noise),
        "corrected_forgetting": cka(pre, on_pre.images) - cka(tuned, on_pre.images),
        "corrected_learning": cka(tuned, on_tuned.images) - cka(pre, on_tuned.images),
        "useless_pre": float((on_pre.residual > 1).double().mean()),
        "useless_tuned": float((on_tuned.residual > 1).double().mean()),
    }
    assert row[list(expected)].to_dict() == pytest.approx(expected, abs=1e-9)
    scale = (row.self_pre - row.stir_tuned_given_pre) / (row.self_pre - row.permuted)
    assert row.scaled_forgetting == pytest.approx(scale)


def test_chance_is_below_every_self_value(tables):
    layers = tables[0]
    assert (layers.permuted < layers[["self_pre", "self_tuned"]].min(axis=1)).all()
    assert (layers.permuted_learning < layers[["self_pre", "self_tuned"]].min(axis=1)).all()
    unbiased = layers.query("estimator == 'unbiased'")
    assert unbiased[["permuted", "permuted_learning"]].abs().max(axis=None) < 0.15


def test_what_one_direction_is_chance_for_is_the_other_turned_round(subjects, tables):
    back = compare(*reversed(subjects))[0]
    for name in ("seed_level", "permuted"):
        np.testing.assert_array_equal(back[name], tables[0][f"{name}_learning"])


def test_inversions_worse_than_zero_features_are_counted(make_network, images):
    subject = examine(make_network(seed=0), images, **SETTINGS)
    with torch.no_grad():
        bad = [replace(made, residual=made.residual + (torch.arange(32) < 8)) for made in subject.inversions]
    layers = compare(replace(subject, inversions=bad), subject)[0]
    assert (layers.useless_pre == 0.25).all()
    assert (layers.useless_tuned == 0).all()


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_flow_identity(tables, estimator):
    """IF(i, j) + 1 - forgetting_i = STIR(tuned^j | pre^i)."""
    layers, flows = (table[table.estimator == estimator] for table in tables)
    forgetting = layers.set_index("layer").forgetting.loc[flows.reference_layer].to_numpy()
    np.testing.assert_allclose(flows.flow + 1 - forgetting, flows.stir)
    np.testing.assert_allclose(flows.stir - flows.null_stir, flows.excess)
    diagonal = flows[flows.reference_layer == flows.tested_layer]
    np.testing.assert_array_equal(diagonal[["flow", "null_flow"]], 0)
    np.testing.assert_allclose(diagonal.null_stir, layers.self_pre)


def test_a_model_compared_with_itself(subjects):
    """Forgetting is then the inversion's error alone; nothing diverges, nor flows beyond the null."""
    layers, flows = compare(subjects[0], subjects[0])
    np.testing.assert_allclose(layers.forgetting, 1 - layers.self_pre)
    np.testing.assert_allclose(layers.learning, layers.forgetting)
    np.testing.assert_allclose(layers.cka_divergence, 0, atol=1e-12)
    np.testing.assert_array_equal(flows.flow, flows.null_flow)
    np.testing.assert_array_equal(flows.excess, 0)
    np.testing.assert_allclose(layers.scaled_forgetting, 0, atol=1e-12)


def test_unlike_models_forget(tables):
    unbiased = tables[0].query("estimator == 'unbiased'")
    assert unbiased.scaled_forgetting.iloc[-1] > 0.2
    assert tables[1].query("estimator == 'unbiased'").excess.mean() < 0


def test_permuted_chance_is_that_of_permuted_rows(subjects):
    """(R + n - 1) in the mean over all pairings; here against many more draws than the 16 taken."""
    clean, inverted = subjects[0].clean, subjects[0].inverted[2]
    draws = np.random.default_rng(5)
    with torch.no_grad():
        x = subjects[0].model.blocks(subjects[0].inversions[2].images)[2]
    values = []
    for _ in range(400):
        order = draws.permutation(len(x))
        values.append(float((clean[2] * _gram(x[order])).sum() / (clean[2].norm() * _gram(x).norm())))
    found = permuted_chance(clean, inverted, "biased")[2]
    assert found == pytest.approx(np.mean(values), abs=4 * np.std(values) / 4)


def _gram(x: torch.Tensor) -> torch.Tensor:
    centred = x.double() - x.double().mean(0)
    return centred @ centred.T


@pytest.mark.slow
def test_batch_size_changes_rounding_only(make_network, images, tables):
    again = compare(*(examine(make_network(seed=s), images, **SETTINGS, batch_size=7) for s in (0, 1)))
    for first, second in zip(tables, again, strict=True):
        numbers = first.select_dtypes("number").columns
        np.testing.assert_allclose(first[numbers], second[numbers], atol=1e-4)


def test_differing_depths_are_refused(subjects, make_network, images):
    shallow = make_network(seed=0)
    shallow.weights = shallow.weights[:3]
    with pytest.raises(InputError, match="one architecture"):
        compare(subjects[0], examine(shallow, images, **SETTINGS | {"steps": 1}))


def test_three_images_are_too_few(make_network, images):
    subject = examine(make_network(seed=0), images[:3], **SETTINGS | {"steps": 1})
    with pytest.raises(InputError, match="at least 4 images"):
        compare(subject, subject)
