"""A timm backbone with a linear head, from images in [0, 1] to logits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from whypretrain.errors import InputError
from whypretrain.models.architecture import HEAD_STD, Architecture, timm_backbone
from whypretrain.models.blocks import BlockPath, Taps, block_path
from whypretrain.models.encoders import Encoder, TokenEncoder, layers_of
from whypretrain.models.inputs import device

STEM, AFTER = "stem", "after the blocks"


class Classifier(nn.Module):
    """Normalisation, backbone and head in one module.

    Attributes:
        architecture: what the backbone is.
        classes: names of the K classes, in the order of the logits.
        backbone: the timm model without head.
        head: `nn.Linear(d, K)`.
        projection: of a contrastive checkpoint, from features to the space in which it compared images; else None.
    """

    _mean: Tensor
    _std: Tensor

    def __init__(self, architecture: Any, classes: Sequence[str]) -> None:
        super().__init__()
        if len(classes) < 2 or len(set(classes)) < len(classes):
            raise InputError(f"a classifier needs 2 or more distinct class names, not {list(classes)[:5]}")
        self.architecture = architecture
        self.classes = list(classes)
        self.backbone, n_features = self._backbone(architecture)
        self.head = linear_head(n_features, len(classes), std=architecture.head_std)
        self.projection: nn.Sequential | None = None
        self._normalise_by(architecture)

    def _backbone(self, architecture: Any) -> tuple[nn.Module, int]:
        """The network without head, and the length of its features."""
        return timm_backbone(architecture)

    def _normalise_by(self, architecture: Any) -> None:
        for name, values in (("_mean", architecture.mean), ("_std", architecture.std)):
            self.register_buffer(name, torch.tensor(values).view(1, -1, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, K) of float images in [0, 1], (B, C, H, W)."""
        return self.head(self.features(images))

    def features(self, images: Tensor) -> Tensor:
        """Pooled features before the head: (B, C, H, W) -> (B, d)."""
        return self.backbone(self.normalised(images))

    def feature_map(self, images: Tensor) -> Tensor:
        """The backbone's features before pooling, in their places: (B, C, H, W) -> (B, d, h, w).

        Of a ViT the patch tokens; class and register tokens are left out.
        """
        backbone: Any = self.backbone
        found = backbone.forward_features(self.normalised(images))
        if found.ndim == 4:
            return found.permute(0, 3, 1, 2) if getattr(backbone, "output_fmt", "NCHW") == "NHWC" else found
        if not hasattr(backbone, "num_prefix_tokens"):
            raise self.architecture.error("its features have no places; reconstruct with a ViT or a convolutional one")
        return found[:, backbone.num_prefix_tokens :].transpose(1, 2).unflatten(2, backbone.patch_embed.grid_size)

    @property
    def block_names(self) -> list[str]:
        """Names of the blocks in the order of `blocks`, as timm has them: `blocks.0`, `layer1.0`.

        Of a backbone whose blocks are not known, `features` alone.
        """
        return self.block_path().names

    def blocks(self, images: Tensor, upto: int | None = None) -> list[Tensor]:
        """Outputs of blocks 1..`upto` (all by default), each flattened to (B, d_l); no later block is run.

        Raises:
            InputError: if the backbone has fewer blocks than `upto`.
        """
        path = self.block_path()
        if upto is not None and not 1 <= upto <= len(path.names):
            raise InputError(f"{self.architecture.name} has blocks 1 to {len(path.names)}, not {upto}")
        return [output.flatten(1) for output in path.upto(upto).outputs(self.normalised(images))]

    def staircase(self, parts: Sequence[Tensor]) -> list[Tensor]:
        """Output of block l on the l-th part (b_l, C, H, W) alone, flattened to (b_l, d_l); a part for every block.

        Equal to `blocks(part, l)[-1]` for each, in one pass: block l runs on the parts from the l-th on, and on one of
        them where all are the same tensor.
        """
        if all(part is parts[0] for part in parts):
            return self.blocks(parts[0], len(parts))
        return [output.flatten(1) for output in self.block_path().staircase([self.normalised(part) for part in parts])]

    def block_path(self) -> BlockPath | Taps:
        """The way of an image through the backbone, block by block."""
        side = self.architecture.size
        return block_path(self.backbone, (self.architecture.channels, side, side))

    def owners(self) -> dict[str, str]:
        """The block of each tensor of the backbone's state: `STEM`, the blocks in their order, `AFTER`."""
        path = self.block_path()
        inside = {
            id(value): name
            for name, block in zip(path.names, path.blocks, strict=True)
            for value in block.state_dict(keep_vars=True).values()
        }
        found, place = dict[str, str](), STEM
        for name, value in self.backbone.state_dict(keep_vars=True).items():
            own = inside.get(id(value))
            place = AFTER if own else place
            found[name] = own or place
        order = [STEM, *path.names, AFTER]
        return dict(sorted(found.items(), key=lambda item: order.index(item[1])))

    def normalised(self, images: Tensor) -> Tensor:
        """What the backbone is given for images in [0, 1]."""
        return (images - self._mean) / self._std


class TextClassifier(Classifier):
    """An encoder of text with a linear head, from tokens, integers (B, 1, L), to logits."""

    def _backbone(self, architecture: Any) -> tuple[nn.Module, int]:
        found = TokenEncoder(architecture)
        return found, found.n_features

    def _normalise_by(self, architecture: Any) -> None:
        """Tokens are taken as they are."""

    def normalised(self, images: Tensor) -> Tensor:
        """The tokens."""
        return images

    def block_path(self) -> Any:
        """The way of a sentence through the encoder, layer by layer (see `encoders.Layers`)."""
        return layers_of(self.backbone)  # type: ignore[arg-type]

    def feature_map(self, images: Tensor) -> Tensor:
        """Not offered: text has no pixels that could be reconstructed."""
        raise self.architecture.error("reconstructs no images; pre-train it with task: masked")

    def staircase(self, parts: Sequence[Tensor]) -> list[Tensor]:
        """Not offered: tokens cannot be inverted by gradients."""
        raise self.architecture.error("cannot be inverted: inputs are tokens; compare its layers by CKA")


def projection_of(head: Mapping[str, Tensor]) -> nn.Sequential | None:
    """An untrained projection for the weights of MoCo v2's head (arXiv:2003.04297), two layers; None for any other."""
    if head.keys() != {"0.weight", "0.bias", "2.weight", "2.bias"}:
        return None
    (hidden, features), (width, _) = head["0.weight"].shape, head["2.weight"].shape
    return nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, width)).to(device())


def linear_head(
    n_features: int, n_classes: int, *, std: float = HEAD_STD, generator: torch.Generator | None = None
) -> nn.Linear:
    """A head that starts near equal odds: weights N(0, std^2), drawn on the CPU, and zero bias."""
    head = nn.Linear(n_features, n_classes)
    nn.init.trunc_normal_(head.weight, std=std, generator=generator)
    nn.init.zeros_(head.bias)
    return head


def build(architecture: Architecture | Encoder, classes: Sequence[str], *, seed: int) -> Classifier:
    """A classifier with random weights, on `device()`, in training mode.

    The weights depend on `seed` alone, and the backbone's not on the classes; torch's global generator keeps
    its state.

    Raises:
        InputError: if timm refuses the architecture, or the class names are fewer than 2 or repeat.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = made(architecture, classes)
    return model.to(memory_format=memory_format(model)).to(device())


def memory_format(model: nn.Module) -> torch.memory_format:
    """How the weights of a network's convolutions lie in memory, which its activations follow.

    Channels last where a convolution is depthwise, else contiguous. On one thread of an AVX2 processor an
    EfficientNet-Lite0 at 96 px is 1.4 times faster in training and 1.5 to 2.4 times in a forward pass; a
    ResNet-18 at 64 px is 0.85 times as fast. Results change by rounding.
    """
    depthwise = any(isinstance(module, nn.Conv2d) and module.groups > 1 for module in model.modules())
    return torch.channels_last if depthwise else torch.contiguous_format


def made(architecture: Architecture | Encoder, classes: Sequence[str]) -> Classifier:
    """`build` where torch's default device is, from its global generator."""
    return (TextClassifier if isinstance(architecture, Encoder) else Classifier)(architecture, classes)
