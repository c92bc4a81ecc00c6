"""Models: timm backbones with a linear head, their blocks, and their files."""

from whypretrain.models.architecture import Architecture
from whypretrain.models.classifier import Classifier, build
from whypretrain.models.inputs import as_input, device, extract
from whypretrain.models.storage import load, save

__all__ = ["Architecture", "Classifier", "as_input", "build", "device", "extract", "load", "save"]
