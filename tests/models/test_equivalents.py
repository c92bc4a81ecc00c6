"""Placebos: other weights, the same function, and metrics that must not move (acceptance of docs/validity.md)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.interactions import agreement, grid_players, moebius, score_coalitions
from whypretrain.invariances.comparison import compare, examine
from whypretrain.models import Architecture, build
from whypretrain.models.equivalents import permuted_classes, permuted_units, rescaled_units, scaled_scores

VIT = {"patch_size": 4, "embed_dim": 24, "depth": 2, "num_heads": 3, "class_token": False, "global_pool": "avg"}
NETWORKS = {
    "vit": {"name": "vit_tiny_patch16_224", "options": VIT},
    "resnet": {"name": "resnet18", "stem": "small", "options": {"layers": [1, 1, 1, 1], "channels": [8, 8, 16, 16]}},
    "bottleneck": {"name": "resnet26", "stem": "small", "options": {"layers": [1, 1, 1, 1], "channels": [8, 8, 8, 8]}},
}
PLACEBOS = {"permuted": permuted_units, "rescaled": rescaled_units}


def network(name: str, seed: int = 0):
    """A network with weights, biases and statistics that all differ, as after training."""
    model = build(Architecture.from_dict({**NETWORKS[name], "size": 16, "channels": 1}), ["a", "b", "c"], seed=seed)
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for each in model.parameters():
            each.add_(0.1 * torch.randn(each.shape, generator=random))
        for key, each in model.named_buffers():
            if "running" in key:
                each.add_(torch.rand(each.shape, generator=random))
    return model.eval()


@pytest.fixture(scope="module")
def images():
    return torch.rand(8, 1, 16, 16, generator=torch.Generator().manual_seed(1))


def scores(model, images, labels=None):
    players = grid_players(4, 4, 16, margin=1)
    labels = np.arange(len(images)) % 3 if labels is None else labels
    return score_coalitions({"m": model}, images, labels, players)[0]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("placebo", PLACEBOS)
def test_units_change_and_block_outputs_do_not(name, placebo, images):
    model = network(name)
    other = PLACEBOS[placebo](model, seed=0).eval()
    changed = [key for key, value in model.state_dict().items() if not torch.equal(value, other.state_dict()[key])]
    assert len(changed) >= 2 * len(model.block_names)
    with torch.no_grad():
        for before, after in zip(model.blocks(images), other.blocks(images), strict=True):
            assert (before - after).abs().max() < 1e-4 * before.abs().max()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("placebo", PLACEBOS)
def test_interactions_do_not_move(name, placebo, images):
    model = network(name)
    before, after = (moebius(scores(each, images)) for each in (model, PLACEBOS[placebo](model, seed=0).eval()))
    assert np.abs(before - after).max() < 1e-4 * np.abs(before).max()


@pytest.mark.parametrize("name", ["vit", "resnet"])
@pytest.mark.parametrize("placebo", PLACEBOS)
def test_layer_metrics_do_not_move(name, placebo, images):
    """STIR, CKA, forgetting and learning of a placebo against a third model are those of the model itself."""
    model, third = network(name), network(name, seed=1)
    pre, *tuned = (
        examine(each, images, steps=5, step_size=3.0, seed=0)
        for each in (third, model, PLACEBOS[placebo](model, seed=0).eval())
    )
    one, other = (compare(pre, each)[0] for each in tuned)
    for column in ("stir_tuned_given_pre", "stir_pre_given_tuned", "forgetting", "learning", "cka_divergence"):
        np.testing.assert_allclose(one[column], other[column], atol=1e-3)


@pytest.mark.parametrize("name", ["vit", "resnet"])
@pytest.mark.parametrize("placebo", PLACEBOS)
def test_what_moves_learning_is_rounding(name, placebo, images):
    """As many steps as the validity experiment takes move it in float32; in double precision nothing moves."""
    model, third = network(name).double(), network(name, seed=1).double()
    pre, *tuned = (
        examine(each, images.double(), steps=30, step_size=3.0, decay=True, seed=0)
        for each in (third, model, PLACEBOS[placebo](model, seed=0).eval())
    )
    one, other = (compare(pre, each)[0] for each in tuned)
    for column in ("stir_tuned_given_pre", "stir_pre_given_tuned", "forgetting", "learning", "cka_divergence"):
        np.testing.assert_allclose(one[column], other[column], atol=1e-8)


@pytest.mark.parametrize("name", ["vit", "resnet"])
def test_classes_permuted_together_with_labels(name, images):
    model = network(name)
    other, places = permuted_classes(model, seed=1)
    assert places != [0, 1, 2]
    labels = np.arange(len(images)) % 3
    moved = scores(other, images, np.array(places)[labels])
    assert [other.classes[place] for place in places] == model.classes
    np.testing.assert_allclose(scores(model, images, labels), moved, atol=1e-4)


def test_scores_times_a_constant_with_two_classes():
    """Agreement and normalised effects stay, raw effects double; with three classes log-odds are not proportional."""
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 6, 256))
    assert agreement(a, 2 * b).all == pytest.approx(agreement(a, b).all, abs=1e-12)
    np.testing.assert_allclose(moebius(2 * b), 2 * moebius(b))
    effects = moebius(b)
    np.testing.assert_allclose(
        effects / np.abs(b[:, -1:] - b[:, :1]), moebius(2 * b) / np.abs(2 * b[:, -1:] - 2 * b[:, :1])
    )


def test_log_odds_of_three_classes_are_not_proportional_to_logits(images):
    model = network("vit")
    one, two = scores(model, images), scores(scaled_scores(model, 2.0), images)
    assert np.abs(two / one - 2).max() > 0.01


def test_of_other_networks_hidden_units_are_not_known():
    model = build(Architecture.from_dict({"name": "vgg11", "size": 32, "channels": 1}), ["a", "b"], seed=0)
    with pytest.raises(InputError, match=r"vgg11.*use a ViT or a ResNet"):
        permuted_units(model, seed=0)


@pytest.mark.parametrize("name", ["Bert", "DistilBert"])
@pytest.mark.parametrize("placebo", PLACEBOS)
def test_text_encoders_have_the_same_outputs_of_every_block(name, placebo):
    transformers = pytest.importorskip("transformers")
    sizes = {
        "Bert": {"hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 32},
        "DistilBert": {"dim": 24, "n_layers": 2, "n_heads": 3, "hidden_dim": 32},
    }
    torch.manual_seed(0)
    made = getattr(transformers, f"{name}Model")(getattr(transformers, f"{name}Config")(vocab_size=50, **sizes[name]))
    model, tokens = made.eval(), torch.randint(0, 50, (4, 7))
    with torch.no_grad():
        for each in model.parameters():
            each.add_(0.1 * torch.randn(each.shape))
        before, after = (
            each(tokens, output_hidden_states=True).hidden_states for each in (model, PLACEBOS[placebo](model, seed=0))
        )
    changed = PLACEBOS[placebo](model, seed=0).state_dict()
    assert sum(not torch.equal(value, changed[key]) for key, value in model.state_dict().items()) >= 6
    for one, other in zip(before, after, strict=True):
        assert (one - other).abs().max() < 1e-4 * one.abs().max()
