import dataclasses

import numpy as np
import pytest
import torch

from whypretrain import models
from whypretrain.errors import InputError
from whypretrain.training import Recipe, evaluate, starting_model, train
from whypretrain.training import trainer as methods_module

RECIPE = Recipe(steps=6, batch_size=8, learning_rate=5e-3, head_learning_rate_factor=10.0)


def _weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def _same(first, second):
    return all(torch.equal(tensor, second[name]) for name, tensor in first.items())


def _trained(vit, target, recipe=RECIPE, seed=0, **options):
    model = models.build(vit, target.classes, seed=3)
    result = train(model, target, recipe, seed=seed, **options)
    return _weights(model), result


def test_training_learns(vit, target):
    model = models.build(vit, target.classes, seed=3)
    before = evaluate(model, target.split("test"))["accuracy"]
    result = train(model, target, Recipe(steps=80, batch_size=16, learning_rate=1e-2), seed=0)
    assert evaluate(model, target.split("test"))["accuracy"] > max(0.9, before)
    assert result.history["loss"].iloc[-1] < 0.5 * result.history["loss"].iloc[0]
    assert not model.training


def test_the_seed_decides(vit, target):
    first, again, other = (_trained(vit, target, seed=seed)[0] for seed in (0, 0, 1))
    assert _same(first, again)
    assert not _same(first, other)


def test_weight_zero_is_vanilla_step_for_step(vit, target, source):
    every_step = RECIPE.changed(checkpoints=7)
    _, vanilla = _trained(vit, target, every_step)
    _, joint = _trained(vit, target, every_step.changed(source_weight=0.0), source=source)
    assert list(vanilla.checkpoints) == list(joint.checkpoints) == list(range(7))
    assert all(_same(vanilla.checkpoints[step], joint.checkpoints[step]) for step in range(7))
    assert vanilla.images_seen == joint.images_seen == 48


def test_source_changes_the_backbone_and_is_counted(vit, target, source):
    recipe = RECIPE.changed(source_ratio=1.5)
    vanilla, _ = _trained(vit, target)
    joint, result = _trained(vit, target, recipe, source=source, source_classes=[0, 2])
    assert not _same(vanilla, joint)
    assert result.images_seen == 6 * (8 + 12)
    total = result.history["target_loss"] + recipe.source_weight * result.history["source_loss"]
    np.testing.assert_allclose(result.history["loss"], total, rtol=1e-6)


def test_source_rows_are_the_selected_classes_and_the_head_has_all(vit, target, source, model):
    samples, head = methods_module._source(source, [5, 1], model, RECIPE, 0)
    assert set(samples.labels.tolist()) == {1, 5}
    assert len(samples.labels) == 12  # 6 training images a class
    assert head.out_features == 7
    wide = models.build(vit.changed(head_std=0.5), target.classes, seed=0)
    wider = methods_module._source(source, [5, 1], wide, RECIPE, 0)[1]
    assert torch.allclose(wider.weight, 25 * head.weight, atol=1e-6)  # 0.5 in place of 0.02


def test_methods_share_the_target_batches_and_the_head(vit, target):
    pretrained = models.build(vit, ["x", "y"], seed=1)
    tuned = starting_model(pretrained, target.classes, Recipe(), seed=5)
    scratch = starting_model(pretrained, target.classes, Recipe(start="random"), seed=5)
    assert _same(_weights(tuned.backbone), _weights(pretrained.backbone))
    assert not _same(_weights(scratch.backbone), _weights(pretrained.backbone))
    assert _same(_weights(tuned.head), _weights(scratch.head))


def test_evaluation_is_independent_of_the_batch_size(model, target):
    assert evaluate(model, target, batch_size=7) == evaluate(model, target)


@pytest.mark.parametrize("classes", [[7], [-1]])
def test_unknown_source_class_is_named(model, target, source, classes):
    with pytest.raises(InputError, match=f"source class {classes[0]}"):
        train(model, target, RECIPE, seed=0, source=source, source_classes=classes)


def test_images_that_do_not_fit_are_refused(model, target):
    wide = dataclasses.replace(target, images=np.repeat(target.images, 3, axis=1))
    with pytest.raises(InputError, match="do not fit"):
        train(model, wide, RECIPE, seed=0)
    with pytest.raises(InputError, match="do not fit"):
        evaluate(model, wide)


def test_nothing_to_evaluate_on_is_refused(model, target):
    with pytest.raises(InputError, match="no images"):
        evaluate(model, target.take(np.array([], dtype=int)))
