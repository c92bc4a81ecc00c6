"""Choosing source data for a target: unbalanced optimal transport, its rivals, and their diagnostics."""

from whypretrain.runtime.loading import lazily

_NAMES = {
    "_cosine": ["cosine_cost"],
    "clusters": ["Clusters", "cluster_features", "main_concepts"],
    "ranking": ["Ranking", "rank_classes"],
    "rules": ["RULES"],
    "samples": ["rank_samples"],
    "streaming": ["unbalanced_ot_from_features"],
    "transport": ["DenseTransport", "Transport", "unbalanced_ot"],
}
_MODULES = {name: f"selection.{module}" for module, names in _NAMES.items() for name in names}
__all__ = sorted(_MODULES)

__getattr__ = lazily(__name__, _MODULES)
