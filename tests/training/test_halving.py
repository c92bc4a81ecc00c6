"""Memory that runs out: simulated by a module that refuses batches above a size, as a GPU does."""

import itertools

import pytest
import torch

from whypretrain import models
from whypretrain.config.recipe import Recipe
from whypretrain.errors import InputError
from whypretrain.runtime.memory import Halving, parted, parts_within
from whypretrain.training.trainer import evaluate, train


def limited(vit, target, most):
    """A model whose first module lets batches of at most so many images through."""

    def refuse(module, given):
        if len(given[0]) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    model = models.build(vit, target.classes, seed=3)
    model.backbone.patch_embed.register_forward_pre_hook(refuse)
    return model


RECIPES = {
    "plain": {"optimizer": "adamw"},
    "momentum": {"optimizer": "sgd", "learning_rate": 0.02, "clip_norm": 0.5},
    "joint": {"source": "uot", "source_weight": 0.3, "source_ratio": 1.5},
    "label-free": {"source": "uot", "source_loss": "consistency"},
    "reconstruction": {"task": "reconstruction"},
}


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("most", [18, 6])
def test_halves_give_the_results_of_the_whole_batch(vit, target, source, capsys, name, most):
    recipe = Recipe.from_config({"steps": 4, "batch_size": 14, **RECIPES[name]})
    extra = source if recipe.source else None
    found = {}
    for size in (10**6, most):
        model = limited(vit, target, size)
        result = train(model, target, recipe, seed=1, source=extra)
        found[size] = model.state_dict(), result.history
    for key, value in found[10**6][0].items():
        assert torch.allclose(found[most][0][key], value, atol=2e-5), key
    assert found[most][1].to_numpy() == pytest.approx(found[10**6][1].to_numpy(), rel=1e-3, nan_ok=True)
    told = capsys.readouterr().err
    assert ("out of memory: batches of 14 now run in 2 parts" in told) == (most == 6 or recipe.source is not None)


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("most", [9, 4])
def test_micro_batches_give_the_results_of_the_whole_batch(vit, target, source, capsys, name, most):
    given, found = {"steps": 4, "batch_size": 14, "source_ratio": 0.5}, {}
    for micro_batch in (None, most):
        recipe = Recipe.from_config({**given, **RECIPES[name], "micro_batch": micro_batch})
        model = limited(vit, target, micro_batch or 10**6)
        result = train(model, target, recipe, seed=1, source=source if recipe.source else None)
        found[micro_batch] = model.state_dict(), result.history
    for key, value in found[None][0].items():
        assert torch.allclose(found[most][0][key], value, atol=2e-5), key
    assert found[most][1].to_numpy() == pytest.approx(found[None][1].to_numpy(), rel=1e-3, nan_ok=True)
    assert capsys.readouterr().err == ""


def test_halved_micro_batches_go_on_after_an_interruption_to_the_same_bits(vit, target, tmp_path):
    """Taken up where there is memory enough, too: the parts are those of the run that was broken off."""
    recipe, file = Recipe(steps=6, batch_size=14, micro_batch=7, learning_rate=0.01), tmp_path / "running"
    unbroken, broken, resumed = (limited(vit, target, most) for most in (4, 4, 10**6))
    calls = itertools.count()

    def interrupt(*_):
        if next(calls) == 13:  # in the fourth step: four parts each
            raise KeyboardInterrupt

    broken.head.register_forward_pre_hook(interrupt)
    train(unbroken, target, recipe, seed=1)
    with pytest.raises(KeyboardInterrupt):
        train(broken, target, recipe, seed=1, checkpoint_file=file, save_every=0.0)
    assert torch.load(file, weights_only=True)["state"]["step"] == 3
    train(resumed, target, recipe, seed=1, checkpoint_file=file)
    assert all(torch.equal(a, b) for a, b in zip(unbroken.parameters(), resumed.parameters(), strict=True))


def test_parts_hold_no_more_than_the_micro_batch():
    assert parts_within(6, [14, 7]) == 4  # 4 + 2 images
    assert parts_within(6, [14, 7, 7]) == 7  # 2 + 1 + 1; five parts would hold up to 3 + 2 + 2
    assert parts_within(1, [4, 2]) == 2
    assert parts_within(None, [14]) == parts_within(14, [14]) == 1


def test_one_image_that_does_not_fit_is_told(vit, target):
    with pytest.raises(InputError, match=r"too little memory for one image a time \(CUDA out of memory\)"):
        train(limited(vit, target, 0), target, Recipe(steps=2, batch_size=6), seed=1)


def test_evaluation_halves_too(vit, target, capsys):
    model, small = limited(vit, target, 10**6), limited(vit, target, 11)
    assert evaluate(small, target, split="test") == evaluate(model, target, split="test")
    assert "out of memory: batches of 40 now run in 4 parts" in capsys.readouterr().err


def test_parts_keep_their_number_from_then_on():
    asked = []

    def compute(parts):
        asked.append(parts)
        if parts < 4:
            raise torch.OutOfMemoryError("full")
        return parts

    halving = Halving()
    assert [halving(compute, 9), halving(compute, 9)] == [4, 4]
    assert asked == [1, 2, 4, 4]


def test_shares_of_unequal_parts():
    images, labels = torch.arange(5.0), torch.arange(5)
    parts = list(parted(2, (images, labels), (torch.arange(3.0), torch.arange(3))))
    assert [[share for _, share in part] for part in parts] == [[3 / 5, 2 / 3], [2 / 5, 1 / 3]]
    assert torch.equal(torch.cat([part[0][0][1] for part in parts]), labels)
