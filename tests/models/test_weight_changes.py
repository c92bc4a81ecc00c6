"""Weight changes against their definitions in NumPy."""

import copy

import numpy as np
import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.models.classifier import build
from whypretrain.models.weight_changes import effective_rank, weight_changes


def definition(matrix):
    """Effective rank by Roy and Vetterli's definition."""
    values = np.linalg.svd(matrix, compute_uv=False)
    p = values / values.sum()
    p = p[p > 0]
    return np.exp(-(p * np.log(p)).sum())


@pytest.mark.parametrize("shape", [(5, 9), (9, 5), (1, 7), (40, 40)])
def test_effective_rank_is_that_of_its_definition(shape):
    matrix = np.random.default_rng(0).normal(size=shape)
    assert effective_rank(torch.tensor(matrix)) == pytest.approx(definition(matrix), rel=1e-9)


def test_effective_rank_of_known_matrices():
    outer = torch.outer(torch.arange(1.0, 6.0), torch.arange(1.0, 9.0))
    assert effective_rank(outer) == pytest.approx(1, abs=1e-5)
    assert effective_rank(torch.eye(7)) == pytest.approx(7)
    assert effective_rank(torch.zeros(3, 4)) == 0


@pytest.fixture
def pair(architecture, classes):
    return build(architecture, classes, seed=0), build(architecture, classes, seed=1)


def tensors(model, block):
    """The weights of a block with two or more dimensions, by the parameters' names."""
    found = {f"backbone.{name}": value for name, value in model.backbone.named_parameters()}
    return [
        value.detach().numpy()
        for name, value in found.items()
        if name.startswith(f"backbone.{block}.") and value.ndim > 1
    ]


def test_changes_are_those_of_their_definitions(pair):
    table = weight_changes(*pair).set_index("block")
    for block in pair[0].block_names:
        old, new = (tensors(model, block) for model in pair)
        a, b = (np.concatenate([each.ravel() for each in part]).astype(float) for part in (old, new))
        row, size = table.loc[block], np.array([each.size for each in old])
        matrices = [(y - x).squeeze() for x, y in zip(old, new, strict=True)]
        matrices = [each.reshape(len(each), -1) for each in matrices]
        assert row["weights"] == len(a)
        assert row["relative_change"] == pytest.approx(np.linalg.norm(b - a) / np.linalg.norm(a), rel=1e-6)
        assert row["unrelated_change"] == pytest.approx(
            np.hypot(np.linalg.norm(a), np.linalg.norm(b)) / np.linalg.norm(a)
        )
        assert row["cosine"] == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), abs=1e-9)
        wanted = (size * [definition(each) for each in matrices]).sum() / size.sum()
        assert row["effective_rank"] == pytest.approx(wanted, rel=1e-5)
        assert row["largest_rank"] == pytest.approx((size * [min(each.shape) for each in matrices]).sum() / size.sum())


def test_unrelated_weights_show_the_values_that_are_given_for_them(pair):
    total = weight_changes(*pair).set_index("block").loc["all"]
    assert total["relative_change"] == pytest.approx(total["unrelated_change"], rel=0.05)
    assert abs(total["cosine"]) < 0.2
    assert total["effective_rank"] == pytest.approx(total["random_rank"], rel=0.05)


def test_a_model_and_itself(pair):
    table = weight_changes(pair[0], copy.deepcopy(pair[0]))
    assert (table["relative_change"] == 0).all()
    assert (table["effective_rank"] == 0).all()
    np.testing.assert_allclose(table["cosine"], 1)


def test_every_weight_is_in_one_block(pair):
    table = weight_changes(*pair).set_index("block")
    weights = sum(value.numel() for value in pair[0].backbone.parameters() if value.ndim > 1)
    assert table.loc["all", "weights"] == weights == table.drop("all")["weights"].sum()
    assert list(table.index) == [name for name in ("stem", *pair[0].block_names, "all") if name in table.index]


def test_other_architectures_are_refused(vit, resnet, classes):
    with pytest.raises(InputError, match="differ in names or shapes"):
        weight_changes(build(vit, classes, seed=0), build(resnet, classes, seed=0))
