"""Choosing source data for a target: unbalanced optimal transport, its rivals, and their diagnostics.

Example: of four source classes, the two whose mean features point where those of the target classes do.
    >>> import numpy as np
    >>> from whypretrain.selection import rank_classes
    >>> source = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]])
    >>> target = np.array([[0.9, 0.1, 0.0], [0.0, 0.1, 0.9]])
    >>> sorted(rank_classes(source, target, k=2).selected.tolist())
    [0, 2]
"""

from whypretrain.runtime.loading import lazily

_NAMES = {
    "_cosine": ["cosine_cost"],
    "clusters": ["Clusters", "cluster_features", "grouped", "main_concepts"],
    "ranking": ["Ranking", "rank_classes"],
    "rules": ["RULES"],
    "samples": ["rank_samples", "rank_samples_in_stages"],
    "streaming": ["unbalanced_ot_from_features"],
    "transport": ["DenseTransport", "Transport", "unbalanced_ot"],
}
_MODULES = {name: f"selection.{module}" for module, names in _NAMES.items() for name in names}
__all__ = sorted(_MODULES)

__getattr__ = lazily(__name__, _MODULES)
