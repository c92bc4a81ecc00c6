"""Labelled image sets: made from the config, kept on disk, read back; no torch.

Example:
    >>> from whypretrain.data import build
    >>> digits = build("digits", {"kind": "digits", "train_size": 100}, size=8, channels=1, seed=0)
    >>> digits.split("train").images.shape, digits.classes[:3]
    ((100, 1, 8, 8), ['0', '1', '2'])
"""

from whypretrain.data.build import build as build  # also the name of its module, which it must hide
from whypretrain.runtime.loading import lazily

_NAMES = {
    "class_means": ["load_class_means", "load_list"],
    "duplicates": ["nearest_similarity"],
    "features": ["load_features"],
    "image_set": ["ImageSet", "assemble", "load", "save"],
    "published.catalogue": ["CATALOGUE"],
    "sampling": ["few_shot", "split_off"],
}
_MODULES = {name: f"data.{module}" for module, names in _NAMES.items() for name in names}
__all__ = sorted([*_MODULES, "build"])

__getattr__ = lazily(__name__, _MODULES)
