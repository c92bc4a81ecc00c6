"""Models: timm backbones with a linear head, their blocks, their features, and their files."""

from whypretrain.models.architecture import Architecture
from whypretrain.models.checkpoints import import_checkpoint
from whypretrain.models.classifier import Classifier, build
from whypretrain.models.extraction import class_means, extract
from whypretrain.models.inputs import as_input, device
from whypretrain.models.storage import load, load_checkpoints, save

__all__ = [
    "Architecture",
    "Classifier",
    "as_input",
    "build",
    "class_means",
    "device",
    "extract",
    "import_checkpoint",
    "load",
    "load_checkpoints",
    "save",
]
