"""Networks of blocks: early stop, frozen weights, one noise for all, turned bases, nesting."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from whypretrain import models
from whypretrain.errors import InputError
from whypretrain.invariances import (
    block_grams,
    block_layer,
    cka_of_grams,
    frozen,
    gram,
    invert,
    invert_blocks,
    inverted_grams,
    nesting_shortfall,
)

SETTINGS = {"steps": 40, "step_size": 0.3, "seed": 0}
ARCHITECTURES = {
    "vit": models.Architecture(
        "vit_tiny_patch16_224", 16, 1, {"patch_size": 4, "embed_dim": 32, "depth": 3, "num_heads": 2}
    ),
    "resnet": models.Architecture("resnet18", 16, 1, {"layers": [1, 1, 1, 1], "channels": [8, 8, 16, 16]}, "small"),
}


@pytest.fixture(scope="module", params=list(ARCHITECTURES))
def classifier(request):
    return models.build(ARCHITECTURES[request.param], ["a", "b"], seed=0).eval()


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    return torch.rand(12, 1, 16, 16, generator=torch.Generator().manual_seed(0)).to(models.device())


def self_values(model, images, inversions, unbiased: bool = False):
    clean, inverted = block_grams(model, images), inverted_grams(model, inversions)
    matrix = cka_of_grams(clean[None], inverted, unbiased=unbiased)
    return matrix.cpu().numpy()


def test_early_stop_equals_the_full_forward(classifier, pictures):
    with torch.no_grad():
        full = classifier.blocks(pictures)
        for number, expected in enumerate(full, start=1):
            assert torch.equal(block_layer(classifier, number)(pictures), expected)


def test_later_blocks_do_not_run(network, images):
    network.weights[3].data.fill_(torch.nan)
    assert bool(block_layer(network, 3)(images).isfinite().all())
    assert not bool(block_layer(network, 4)(images).isfinite().any())


def test_inversions_of_blocks_are_those_of_their_callables(classifier, pictures):
    made = invert_blocks(classifier, pictures, **SETTINGS)
    assert len(made) == len(classifier.block_names)
    assert all(torch.equal(inversion.start, made[0].start) for inversion in made)
    assert bool(torch.stack([m.residual for m in made]).mean() < 0.8)
    few = SETTINGS | {"steps": 3}  # before the rounding of differently large products is amplified
    together = invert_blocks(classifier, pictures, **few)
    with frozen(classifier):
        for number, each in enumerate(together, start=1):
            alone = invert(block_layer(classifier, number), pictures, **few)
            torch.testing.assert_close(each.images, alone.images, rtol=1e-3, atol=1e-4)
            torch.testing.assert_close(each.residual, alone.residual, rtol=1e-4, atol=1e-5)


def test_a_staircase_is_every_block_on_its_own_part(classifier, pictures):
    names = classifier.block_names
    parts = [pictures[: number % 3 + 1] for number in range(len(names))]
    with torch.no_grad():
        for number, found in enumerate(classifier.staircase(parts), start=1):
            expected = classifier.blocks(parts[number - 1], number)[-1]
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_a_staircase_of_the_same_images_is_one_pass(classifier, pictures):
    seen = rows_seen(classifier, lambda: classifier.staircase([pictures] * len(classifier.block_names)))
    assert seen == [len(pictures)] * len(classifier.block_names)
    with torch.no_grad():
        found = classifier.staircase([pictures] * len(classifier.block_names))
        assert all(torch.equal(a, b) for a, b in zip(found, classifier.blocks(pictures), strict=True))


def test_no_image_of_an_inversion_goes_beyond_its_block(classifier, pictures):
    """Two steps and the last look, after one pass for the targets: block l sees the images of blocks l and later."""
    depth, n = len(classifier.block_names), len(pictures)
    seen = rows_seen(classifier, lambda: invert_blocks(classifier, pictures, **SETTINGS | {"steps": 2}))
    assert seen == [n + 3 * n * (depth - block) for block in range(depth)]


def rows_seen(classifier, call) -> list[int]:
    """Images that went into each block during `call`."""
    counts, blocks = Counter(), classifier.block_path().blocks
    hooks = [
        block.register_forward_hook(lambda module, given, out, k=k: counts.update({k: len(given[0])}))
        for k, block in enumerate(blocks)
    ]
    call()
    for hook in hooks:
        hook.remove()
    return [counts[k] for k in range(len(blocks))]


@pytest.mark.slow
def test_batch_size_moves_stir_by_rounding_only(classifier, pictures):
    """Rounding in the matrix products depends on the batch; 40 steps amplify it, STIR hardly sees it."""
    values = [
        self_values(classifier, pictures, invert_blocks(classifier, pictures, **SETTINGS, batch_size=size))
        for size in (12, 5)
    ]
    assert abs(values[0] - values[1]).max() < 2e-3


@pytest.mark.slow
def test_threads_move_stir_by_rounding_only(classifier, pictures):
    before, values = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            values.append(self_values(classifier, pictures, invert_blocks(classifier, pictures, **SETTINGS)))
    finally:
        torch.set_num_threads(before)
    assert abs(values[0] - values[1]).max() < 2e-3


def test_each_network_normalises_the_same_pixels_itself(pictures):
    """With another mean and deviation, made up for in the first weights, a network is the same function of pixels."""
    one = models.build(ARCHITECTURES["vit"], ["a", "b"], seed=0).eval()
    other = models.build(ARCHITECTURES["vit"].changed(mean=(0.2,), std=(0.25,)), ["a", "b"], seed=0).eval()
    first = other.backbone.patch_embed.proj
    with torch.no_grad():
        first.bias += first.weight.sum((1, 2, 3)) * (0.2 - 0.5) / 0.5
        first.weight *= 0.25 / 0.5
    inversions = invert_blocks(one, pictures, **SETTINGS)
    same, turned = (self_values(model, pictures, inversions) for model in (one, other))
    assert abs(same - turned).max() < 1e-4


def test_a_network_in_training_mode_is_read_in_eval_mode(classifier, pictures):
    expected = invert_blocks(classifier, pictures, **SETTINGS | {"steps": 3})
    grams = block_grams(classifier, pictures)
    before = {name: tensor.clone() for name, tensor in classifier.state_dict().items()}
    classifier.train()
    try:
        found = invert_blocks(classifier, pictures, **SETTINGS | {"steps": 3})
        assert all(torch.equal(a.images, b.images) for a, b in zip(found, expected, strict=True))
        assert torch.equal(block_grams(classifier, pictures), grams)
        assert all(torch.equal(tensor, before[name]) for name, tensor in classifier.state_dict().items())
    finally:
        classifier.eval()


def test_grams_are_those_of_the_outputs(classifier, pictures):
    with torch.no_grad():
        expected = torch.stack([gram(output) for output in classifier.blocks(pictures)])
    torch.testing.assert_close(block_grams(classifier, pictures), expected)
    in_batches = block_grams(classifier, pictures, batch_size=5)
    torch.testing.assert_close(in_batches, expected, rtol=1e-4, atol=1e-3)


def test_frozen_restores_modes_and_wishes(network):
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout())
    model[0].bias.requires_grad_(False)
    model[1].eval()
    with frozen(model):
        assert not model.training
        assert not any(weight.requires_grad for weight in model.parameters())
    assert model.training
    assert not model[1].training
    assert [weight.requires_grad for weight in model.parameters()] == [True, False]


def test_weights_are_frozen_while_images_are_inverted(classifier, pictures, monkeypatch):
    found, staircase = [], classifier.staircase

    def looked_at(parts):
        found.append(any(weight.requires_grad for weight in classifier.parameters()))
        return staircase(parts)

    monkeypatch.setattr(classifier, "staircase", looked_at)
    invert_blocks(classifier, pictures, **SETTINGS | {"steps": 2})
    assert found == [False] * 4  # targets, two steps, the last look
    assert all(weight.requires_grad for weight in classifier.parameters())


def test_a_turned_basis_changes_no_stir(make_network, images):
    """A rotation of every block's output, undone in the next, is nothing to CKA and to the loss."""
    widths, images = (24, 24, 6, 6), images.double()
    generator = torch.Generator().manual_seed(3)
    turns = [torch.linalg.qr(torch.randn(w, w, generator=generator, dtype=torch.float64))[0] for w in widths]
    values = []
    for rotations in (None, turns):
        model = make_network(seed=0, rotations=rotations).double()
        values.append(self_values(model, images, invert_blocks(model, images, **SETTINGS)))
    assert abs(values[0] - values[1]).max() < 1e-4
    assert values[0].min() < 0.99


def test_inversions_are_inversions_of_all_later_blocks(network, images):
    """In the limit STIR(i | j) = 1 for i >= j; below the diagonal it need not be."""
    model = network.double()
    made = invert_blocks(model, images.double(), steps=600, step_size=0.02, seed=0)
    matrix = self_values(model, images.double(), made)
    assert nesting_shortfall(matrix).max() < 2e-3
    assert matrix[3, 0] < 0.9


def test_nothing_without_blocks(pictures):
    with pytest.raises(InputError, match="Linear names no blocks"):
        invert_blocks(torch.nn.Linear(2, 2), pictures, **SETTINGS)


def test_nan_weights_name_block_and_image(network, images):
    network.weights[2].data[0, 0] = torch.nan
    with pytest.raises(InputError, match=r"block 3 \(block2\): the loss of image 0 "):
        invert_blocks(network, images, **SETTINGS)


def test_constant_block_is_named(network, images):
    network.weights[1].data.zero_()
    with pytest.raises(InputError, match="block1: features are the same for every image"):
        block_grams(network, images)
