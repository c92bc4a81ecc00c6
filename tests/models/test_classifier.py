import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.models import Architecture, build, device, memory_format


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_weights_follow_from_the_seed_alone(architecture, classes):
    torch.manual_seed(1)
    first = build(architecture, classes, seed=5)
    torch.manual_seed(2)
    state = torch.get_rng_state()
    second = build(architecture, classes, seed=5)
    assert same(first, second)
    assert torch.equal(state, torch.get_rng_state())
    assert not same(first, build(architecture, classes, seed=6))


def test_the_backbone_does_not_depend_on_the_classes(architecture, classes):
    few, many = build(architecture, classes, seed=5), build(architecture, list(range(9)), seed=5)
    assert same(few.backbone, many.backbone)


def test_images_are_normalised_inside(architecture, classes):
    plain = Architecture(**{**vars(architecture), "mean": (0.0,), "std": (1.0,)})
    shifted = Architecture(**{**vars(architecture), "mean": (0.25,), "std": (0.5,)})
    images = torch.rand(2, 1, 16, 16, device=device())
    expected = build(plain, classes, seed=0).eval()((images - 0.25) / 0.5)
    assert torch.allclose(build(shifted, classes, seed=0).eval()(images), expected)


def test_logits_are_the_head_of_the_features(architecture, classes):
    model = build(architecture, classes, seed=0).eval()
    images = torch.rand(4, 1, 16, 16, device=device())
    features = model.features(images)
    assert features.shape == (4, model.head.in_features)
    assert torch.allclose(model(images), features @ model.head.weight.T + model.head.bias, atol=1e-6)


def test_a_built_model_is_ready_for_training(architecture, classes):
    model = build(architecture, classes, seed=0)
    assert all(module.training for module in model.modules())
    model(torch.rand(4, 1, 16, 16, device=device())).logsumexp(1).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    # The check of the image size leaves no trace in the running statistics.
    fresh = build(architecture, classes, seed=0)
    assert all(not value.any() for name, value in fresh.named_buffers() if name.endswith("running_mean"))


@pytest.mark.parametrize("names", [["a"], ["a", "a"], []])
def test_class_names_are_distinct_and_at_least_two(vit, names):
    with pytest.raises(InputError, match="2 or more distinct class names"):
        build(vit, names, seed=0)


def test_heads_start_with_the_standard_deviation_of_the_architecture(architecture):
    names = list(range(300))
    wide = Architecture(**{**vars(architecture), "head_std": 0.5})
    for given, std in ((architecture, 0.02), (wide, 0.5)):
        head = build(given, names, seed=0).head
        assert head.weight.std().item() == pytest.approx(std, rel=0.05)
        assert not head.bias.any()


@pytest.mark.parametrize(
    ("name", "expected"), [("mobilenetv3_small_050", torch.channels_last), ("resnet10t", torch.contiguous_format)]
)
def test_depthwise_convolutions_are_laid_out_channels_last(name, expected):
    model = build(Architecture(name=name, size=32, channels=3), ["a", "b"], seed=0).eval()
    images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert all(value.is_contiguous(memory_format=expected) for value in model.backbone.parameters() if value.ndim == 4)
    with torch.inference_mode():
        found, contiguous = model(images), model.to(memory_format=torch.contiguous_format)(images)
    assert memory_format(model) is expected
    assert torch.allclose(found, contiguous, atol=1e-5)
