"""Choosing source data for a target: unbalanced optimal transport, its rivals, and their diagnostics."""

from whypretrain.selection.exact import ExactTransport, exact_transport
from whypretrain.selection.ranking import Ranking, rank_classes
from whypretrain.selection.rules import RULES, cosine_cost
from whypretrain.selection.transport import DenseTransport, Transport, unbalanced_ot

__all__ = [
    "RULES",
    "DenseTransport",
    "ExactTransport",
    "Ranking",
    "Transport",
    "cosine_cost",
    "exact_transport",
    "rank_classes",
    "unbalanced_ot",
]
