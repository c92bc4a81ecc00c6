"""Models: timm backbones with a linear head, their blocks, their features, and their files."""

from whypretrain.models.architecture import Architecture
from whypretrain.models.checkpoints import import_checkpoint
from whypretrain.models.classifier import Classifier, build, linear_head
from whypretrain.models.extraction import class_means, extract, projected
from whypretrain.models.inputs import as_input, device
from whypretrain.models.stem import Cut, cut_at_stem
from whypretrain.models.storage import load, load_checkpoints, save

__all__ = [
    "Architecture",
    "Classifier",
    "Cut",
    "as_input",
    "build",
    "class_means",
    "cut_at_stem",
    "device",
    "extract",
    "import_checkpoint",
    "linear_head",
    "load",
    "load_checkpoints",
    "projected",
    "save",
]
