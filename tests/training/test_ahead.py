import threading

import numpy as np
import pytest
import torch

from whypretrain.config.augmentation import Augmentation
from whypretrain.training.ahead import Ahead
from whypretrain.training.samples import Samples


def test_the_next_value_is_made_in_another_thread():
    made = {}

    def make(step):
        made[step] = threading.current_thread()
        return step * 10

    ahead = Ahead(make)
    assert [ahead(step) for step in (0, 1, 2, 7, 1)] == [0, 10, 20, 70, 10]
    assert made[0] is made[7] is threading.main_thread()
    assert made[2] is not threading.main_thread()


def test_an_error_is_raised_when_its_step_is_asked_for():
    def make(step):
        if step == 1:
            raise OSError("disk gone")
        return step

    ahead = Ahead(make)
    assert ahead(0) == 0
    with pytest.raises(OSError, match="disk gone"):
        ahead(1)


def test_loading_ahead_changes_no_batch():
    images = torch.randint(0, 256, (30, 1, 8, 8), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    options = {"batch_size": 8, "augmentation": Augmentation(rotation=10.0), "seed": 0, "name": "target"}
    chosen, labels = torch.arange(0, 30, 2), np.arange(15) % 3
    plain, ahead = (Samples(images, labels, chosen=chosen, ahead=each, **options) for each in (False, True))
    for step in (0, 1, 2, 9, 3):
        for expected, found in zip(
            (*plain.batch(step), *plain.views(step)), (*ahead.batch(step), *ahead.views(step)), strict=True
        ):
            assert torch.equal(found, expected)


def test_chosen_images_are_drawn_as_if_there_were_no_others():
    images = torch.arange(40, dtype=torch.uint8).view(-1, 1, 1, 1).repeat(1, 1, 4, 4)
    options = {"batch_size": 7, "augmentation": Augmentation(), "seed": 0, "name": "target"}
    chosen, labels = torch.arange(1, 40, 3), np.arange(13)
    among = Samples(images, labels, chosen=chosen, **options)
    alone = Samples(images[chosen], labels, **options)
    assert among.digest() == alone.digest()
    for step in range(4):
        for expected, found in zip(alone.batch(step), among.batch(step), strict=True):
            assert torch.equal(found, expected)


def test_the_digest_tells_other_images_labels_and_sizes_apart():
    images, labels = torch.zeros(2500, 1, 2, 2, dtype=torch.uint8), np.arange(2500) % 2
    options = {"batch_size": 7, "augmentation": None, "seed": 0, "name": "target"}
    other, fewer = images.clone(), np.arange(2499) % 2
    other[999] = 1  # of every third image
    digests = {
        Samples(images, labels, **options).digest(),
        Samples(other, labels, **options).digest(),
        Samples(images, 1 - labels, **options).digest(),
        Samples(images[1:], fewer, **options).digest(),
    }
    assert len(digests) == 4
