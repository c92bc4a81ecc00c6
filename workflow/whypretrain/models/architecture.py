"""What a model is, as plain values: a timm entry point, its options, the images it takes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from whypretrain.config.networks import HEAD_STD, Channels, in_unit_interval
from whypretrain.config.section import Count, Section
from whypretrain.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

#: The largest image that the small stem is meant for, in pixels.
SMALL_STEM_LIMIT = 64
_OURS = ("pretrained", "num_classes", "in_chans", "img_size")  # set from the other fields, never by `options`


def _each(value: Any) -> Any:
    return (float(value),) if isinstance(value, int | float) and not isinstance(value, bool) else value


PerChannel = Annotated[Channels, BeforeValidator(_each)]


class Architecture(Section):
    """A backbone of timm and the images it takes; equal architectures hold the same weights' shapes."""

    name: str
    """timm entry point, e.g. `vit_tiny_patch16_224`, `resnet18`"""
    size: Count
    """height and width of the images, pixels"""
    channels: Count
    """1 (grey) or 3 (colour)"""
    options: dict[str, Any] = {}
    """keyword arguments for `timm.create_model`, e.g. `{"depth": 4}`"""
    stem: Literal["standard", "small"] = "standard"
    """`small` gives a timm ResNet a 3x3 stem of stride 1 without max-pooling, for images up to 64 px"""
    mean: PerChannel = (0.5,)
    """for each channel or all, subtracted from images in [0, 1]"""
    std: PerChannel = (0.5,)
    """for each channel or all, divides them afterwards"""
    head_std: Annotated[float, Field(gt=0, lt=1)] = HEAD_STD
    """standard deviation of the weights that a new head starts with"""

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(**dict(zip(type(self).model_fields, values, strict=False)), **named)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if taken := set(self.options).intersection(_OURS):
            raise ValueError(f"option {min(taken)!r} follows from the images and classes; remove it")
        for key in ("mean", "std"):
            values = getattr(self, key)
            if len(values) not in (1, self.channels):
                raise ValueError(f"{key} must be a number or one for each of {self.channels} channels")
            try:
                in_unit_interval(values)
            except ValueError as error:
                raise ValueError(f"{key} {error}") from None
            object.__setattr__(self, key, values * self.channels if len(values) == 1 else values)
        if min(self.std) <= 0:
            raise ValueError(f"std must be positive, not {list(self.std)}")
        return self

    def error(self, complaint: str) -> InputError:
        """An `InputError` that names this model."""
        return InputError(f"model {self.name!r}: {complaint}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `Architecture.from_dict` reads them back to an equal architecture."""
        return self.plain()

    @property
    def takes(self) -> tuple[int, int, int]:
        """Shape of an image, (C, H, W)."""
        return self.channels, self.size, self.size

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether an image of this shape can be given to it."""
        return shape == self.takes

    def blank(self, number: int) -> Tensor:
        """Black images, (number, C, H, W), to count on."""
        import torch

        return torch.zeros(number, *self.takes)

    def require(self, samples: Any) -> None:
        """Images fit by their shape alone."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Architecture:
        """An architecture from plain values, keys as the attributes; `name`, `size`, `channels` are required.

        Example:
            >>> Architecture.from_dict({"name": "resnet18", "size": 16, "channels": 1, "stem": "small"}).mean
            (0.5,)

        Raises:
            InputError: for an unknown or missing key, a name that timm does not know, a value out of range.
        """
        found = cls.of(values, f"model {values.get('name')!r}")
        check_name(found.name)
        return found


def check_name(name: str) -> None:
    """Refuse a name that timm does not know, with the names closest to it.

    Raises:
        InputError: for an unknown name.
    """
    import timm

    if not timm.is_model(name):
        raise InputError(f"model {name!r} is no timm model{_close(name, timm.list_models())}")


def timm_backbone(architecture: Architecture) -> tuple[nn.Module, int]:
    """The backbone without head, and the length d of its features.

    Its weights are drawn from torch's global generator, on the CPU.

    Raises:
        InputError: for an unknown name or option, or images that do not fit patches, stem or depth.
    """
    import timm

    check_name(architecture.name)
    options = {**architecture.options, **_stem_options(architecture)}
    published = timm.get_pretrained_cfg(architecture.name)
    if published and published.fixed_input_size:
        options["img_size"] = architecture.size
    try:
        backbone = timm.create_model(
            architecture.name, pretrained=False, num_classes=0, in_chans=architecture.channels, **options
        )
        if architecture.stem == "small":
            _shrink_stem(architecture, backbone)
        n_features = _n_features(architecture, backbone)
    except (TypeError, ValueError, LookupError, AssertionError, RuntimeError, AttributeError) as error:
        raise architecture.error(_refusal(architecture, error)) from error
    _check_patches(architecture, backbone)
    return backbone, n_features


def _n_features(architecture: Architecture, backbone: nn.Module) -> int:
    # One black image shows it for every family, and whether the images survive the strides.
    import torch

    with torch.inference_mode():
        image = torch.zeros(1, architecture.channels, architecture.size, architecture.size)
        features = backbone.eval()(image)
    backbone.train()
    return features.shape[1]


def _stem_options(architecture: Architecture) -> dict[str, Any]:
    # timm fixes a plain stem at 64 channels; only its "deep" one has a width: we ask for that and replace it.
    if architecture.stem == "standard":
        return {}
    return {"stem_type": "deep", "stem_width": architecture.options.get("channels", (64,))[0] // 2}


def _shrink_stem(architecture: Architecture, backbone: Any) -> None:
    """The stem of the CIFAR ResNet (He et al., arXiv:1512.03385, section 4.2), as wide as the first stage.

    The ImageNet stem divides height and width by 4 before the first block: 16 px would leave the first stage
    4 x 4 positions and the last stage one.
    """
    from timm.models.resnet import ResNet
    from torch import nn

    if not issubclass(type(backbone), ResNet):  # `isinstance` would narrow the type to members that timm leaves open
        raise architecture.error("stem 'small' is for timm's ResNet; use stem: standard")
    if architecture.size > SMALL_STEM_LIMIT:
        raise architecture.error(
            f"stem 'small' is for images up to {SMALL_STEM_LIMIT} px, not {architecture.size}; use 'standard'"
        )
    width = backbone.bn1.num_features
    backbone.conv1 = nn.Conv2d(architecture.channels, width, kernel_size=3, padding=1, bias=False)
    nn.init.kaiming_normal_(backbone.conv1.weight, mode="fan_out", nonlinearity="relu")
    backbone.maxpool = nn.Identity()


def _check_patches(architecture: Architecture, backbone: nn.Module) -> None:
    # timm lets the remainder fall off the edge in silence.
    patch: Any = getattr(getattr(backbone, "patch_embed", None), "patch_size", (1, 1))
    patch = (patch,) if isinstance(patch, int) else patch
    if any(architecture.size % side for side in patch):
        raise architecture.error(
            f"patches of {patch[0]} px do not tile {architecture.size} px; change patch_size or size"
        )


def _refusal(architecture: Architecture, error: Exception) -> str:
    option = re.search(r"unexpected keyword argument '(\w+)'", str(error))
    if option:
        return f"unknown option {option[1]!r}; see the arguments of its class in timm"
    reason = " ".join(str(error).split())
    return f"does not work with images of {architecture.size} px and options {architecture.options} ({reason})"


def _close(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(str(name), list(known), n=3)
    return f"; did you mean {' or '.join(found)}?" if found else ""
