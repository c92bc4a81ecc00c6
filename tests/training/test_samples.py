from collections import Counter

import numpy as np
import pytest
import torch

from whypretrain.config.augmentation import Augmentation
from whypretrain.errors import InputError
from whypretrain.training.samples import Samples


def _samples(number, batch_size, seed=0, name="target"):
    images = torch.arange(number, dtype=torch.uint8).view(-1, 1, 1, 1).repeat(1, 1, 4, 4)
    return Samples(
        images, np.arange(number) % 3, batch_size=batch_size, augmentation=Augmentation(), seed=seed, name=name
    )


@pytest.mark.parametrize(("number", "batch_size"), [(12, 4), (10, 4), (7, 20), (1, 3)])
def test_every_image_is_visited_once_a_pass(number, batch_size):
    samples = _samples(number, batch_size)
    drawn = torch.cat([samples.rows(step) for step in range(3 * number)]).tolist()
    for epoch in range(batch_size * 3):
        assert sorted(drawn[epoch * number : (epoch + 1) * number]) == list(range(number))
    assert max(Counter(drawn).values()) == 3 * batch_size


def test_each_epoch_has_its_own_order():
    samples = _samples(50, 50)
    orders = {tuple(samples.rows(step).tolist()) for step in range(5)}
    assert len(orders) == 5


def test_a_batch_depends_on_seed_name_and_step_alone():
    forwards = [_samples(30, 8).rows(step) for step in range(20)]
    samples = _samples(30, 8)
    backwards = [samples.rows(step) for step in reversed(range(20))]
    assert all(torch.equal(a, b) for a, b in zip(forwards, reversed(backwards), strict=True))
    assert not torch.equal(_samples(30, 8, seed=1).rows(0), forwards[0])
    assert not torch.equal(_samples(30, 8, name="source").rows(0), forwards[0])


def test_images_come_in_zero_to_one_with_their_labels():
    samples = _samples(30, 8)
    images, labels = samples.batch(2)
    rows = samples.rows(2)
    assert torch.equal(images[:, 0, 0, 0], rows / 255)
    assert torch.equal(labels, rows % 3)


def test_no_images_are_refused():
    with pytest.raises(InputError, match="target: no training images"):
        _samples(0, 8)
