"""Models: timm backbones, or encoders of text, with a linear head, their blocks, their features, and their files.

Example:
    >>> import torch
    >>> from whypretrain.models import Architecture, build
    >>> model = build(Architecture("resnet18", size=32, channels=3), classes=["cat", "dog"], seed=0)
    >>> model(torch.zeros(4, 3, 32, 32)).shape
    torch.Size([4, 2])
"""

from whypretrain.runtime.loading import lazily

_NAMES = {
    "architecture": ["Architecture"],
    "batches": ["forward_batch", "inversion_batch"],
    "checkpoints": ["import_checkpoint", "usual_normalisation"],
    "classifier": ["Classifier", "build", "linear_head", "memory_format"],
    "encoder_checkpoints": ["import_encoder"],
    "encoders": ["Encoder", "architecture_of"],
    "extraction": ["class_means", "extract", "projected"],
    "inputs": ["as_input", "device"],
    "redrawing": ["redraw", "redraw_parts"],
    "stem": ["Cut", "cut_at_stem"],
    "storage": ["load", "load_checkpoints", "save", "save_checkpoints"],
}
_MODULES = {name: f"models.{module}" for module, names in _NAMES.items() for name in names}
__all__ = sorted(_MODULES)

__getattr__ = lazily(__name__, _MODULES)
