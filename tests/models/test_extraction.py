import numpy as np
import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.models import as_input, build, class_means, extract


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (23, 1, 16, 16), dtype=np.uint8)


def test_features_do_not_depend_on_the_batch_size(architecture, classes, images):
    model = build(architecture, classes, seed=0)
    whole = extract(model, images, 23)
    assert whole.dtype == np.float32
    assert whole.shape == (23, model.head.in_features)
    for batch_size in (1, 7, 100):
        assert np.allclose(extract(model, images, batch_size), whole, atol=1e-5, rtol=1e-5)


def test_features_are_those_in_evaluation_mode_and_the_mode_is_restored(resnet, classes, images):
    model = build(resnet, classes, seed=0).train()
    before = model.backbone.bn1.running_mean.clone()
    found = extract(model, images, 8)
    assert model.training
    assert torch.equal(model.backbone.bn1.running_mean, before)
    with torch.no_grad():
        expected = model.eval().features(as_input(images)).cpu().numpy()
    assert np.allclose(found, expected, atol=1e-5)


def test_a_batch_that_does_not_fit_into_memory_is_computed_in_parts(vit, classes, images, capsys):
    model = build(vit, classes, seed=0)
    whole = extract(model, images, 10)

    def refuse(module, given):
        if len(given[0]) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    model.backbone.patch_embed.register_forward_pre_hook(refuse)
    assert np.allclose(extract(model, images, 10), whole, atol=1e-5)
    assert "out of memory: batches of 10 now run in 4 parts" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("shape", "batch_size", "told"),
    [((2, 3, 16, 16), 8, "takes images of shape"), ((0, 1, 16, 16), 8, "need images"), ((2, 1, 16, 16), 0, "batch")],
)
def test_bad_input_is_refused(vit, classes, shape, batch_size, told):
    with pytest.raises(InputError, match=told):
        extract(build(vit, classes, seed=0), np.zeros(shape, np.uint8), batch_size)


def test_class_means_against_a_loop():
    random = np.random.default_rng(1)
    features, labels = random.normal(size=(60, 5)).astype(np.float32), random.permutation(np.arange(60) % 7)
    means, counts = class_means(features, labels)
    assert means.dtype == np.float64
    for label in range(7):
        assert counts[label] == (labels == label).sum()
        assert np.allclose(means[label], features[labels == label].astype(float).mean(axis=0), atol=1e-12)


def test_class_means_sum_in_double_precision():
    features = np.array([[1e8], [1.0], [-1e8], [1.0]], np.float32)
    assert class_means(features, np.array([0, 0, 0, 1]))[0][0, 0] == pytest.approx(1 / 3)


def test_class_means_by_parts_are_the_same_bytes(monkeypatch):
    random = np.random.default_rng(2)
    features, labels = random.normal(size=(300, 5)).astype(np.float32), random.permutation(np.arange(300) % 7)
    whole = class_means(features, labels)
    monkeypatch.setattr("whypretrain.models.extraction._AT_ONCE", 50)  # one class, of 42 or 43 images
    for one, other in zip(class_means(features, labels), whole, strict=True):
        assert one.tobytes() == other.tobytes()
    left_out = np.where(labels == 6, -1, labels)
    assert np.array_equal(class_means(features, left_out, of=np.negative)[0], -whole[0][:6])
