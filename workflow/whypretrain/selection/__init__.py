"""Choosing source data for a target: unbalanced optimal transport, its rivals, and their diagnostics."""

from whypretrain.selection._cosine import cosine_cost
from whypretrain.selection.clusters import Clusters, cluster_features
from whypretrain.selection.ranking import Ranking, rank_classes
from whypretrain.selection.rules import RULES
from whypretrain.selection.samples import rank_samples
from whypretrain.selection.streaming import unbalanced_ot_from_features
from whypretrain.selection.transport import DenseTransport, Transport, unbalanced_ot

__all__ = [
    "RULES",
    "Clusters",
    "DenseTransport",
    "Ranking",
    "Transport",
    "cluster_features",
    "cosine_cost",
    "rank_classes",
    "rank_samples",
    "unbalanced_ot",
    "unbalanced_ot_from_features",
]
