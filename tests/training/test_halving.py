"""Memory that runs out: simulated by a module that refuses batches above a size, as a GPU does."""

import pytest
import torch

from whypretrain import models
from whypretrain.errors import InputError
from whypretrain.models.halving import Halving, parted
from whypretrain.training.methods import train
from whypretrain.training.recipe import Recipe


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
    assert ("out of memory: batches of 14 go on in 2 parts" in told) == (
        most == 6 or recipe.source is not None
    )


def test_one_image_that_does_not_fit_is_told(vit, target):
    with pytest.raises(InputError, match=r"too little memory for one image a time \(CUDA out of memory\)"):
        train(limited(vit, target, 0), target, Recipe(steps=2, batch_size=6), seed=1)


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
