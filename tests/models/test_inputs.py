import numpy as np
import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.models import as_input, device


def test_the_device_is_the_gpu_where_there_is_one():
    assert device().type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_all_256_values_become_fractions():
    images = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    found = as_input(images)
    assert found.dtype == torch.float32
    assert found.device.type == device().type
    assert np.array_equal(found.cpu().numpy(), images.astype(np.float32) / np.float32(255))


def test_memory_mapped_images_are_copied(tmp_path):
    np.save(tmp_path / "images.npy", np.full((2, 1, 4, 4), 255, np.uint8))
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    found = as_input(mapped[::-1])
    found.zero_()
    assert (mapped == 255).all()


@pytest.mark.parametrize("images", [np.zeros((2, 1, 4, 4), np.float32), np.zeros((2, 4, 4), np.uint8)])
def test_other_images_are_refused(images):
    with pytest.raises(InputError, match="must be uint8 of shape"):
        as_input(images)
