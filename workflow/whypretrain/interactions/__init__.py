"""Interactions: what a model knows of a sample; what training keeps, discards and adds (arXiv 2410.08455).

The analysis of stored scores needs NumPy alone; what runs models is loaded, with torch, when first used.
"""

from typing import TYPE_CHECKING, Any

from whypretrain.interactions.and_or import AndOr, and_or, error_bound
from whypretrain.interactions.archive import (
    ScoreArchive,
    digest,
    earlier_rows,
    gathered,
    load_scores,
    require_same_players,
    save_scores,
)
from whypretrain.interactions.baselines import baseline_values
from whypretrain.interactions.controls import REINITIALISED, controls_table, strongest_table
from whypretrain.interactions.effects import Effects, effects_of
from whypretrain.interactions.interop import from_shapiq, to_shapiq
from whypretrain.interactions.knowledge import KnowledgeSplit, ScratchRatio, scratch_ratio, split_knowledge
from whypretrain.interactions.logits import log_odds
from whypretrain.interactions.players import PlayerSet, from_masks, grid_players, load_players, token_players
from whypretrain.interactions.salience import normaliser, salient
from whypretrain.interactions.similarity import (
    area_under_curve,
    detour,
    interaction_similarity,
    order_groups,
    step_to_reach,
    strength_curve,
)
from whypretrain.interactions.tables import (
    dynamics_table,
    knowledge_table,
    matching_table,
    sensitivity_table,
    similarity_table,
    sparsity_table,
)
from whypretrain.interactions.transforms import (
    coalitions,
    moebius,
    or_interactions,
    or_reconstruct,
    orders,
    zeta,
)

if TYPE_CHECKING:
    from whypretrain.interactions.games import Game, draw_game
    from whypretrain.interactions.networks import (
        Network,
        checkpoints,
        trained_networks,
        untrained_network,
    )
    from whypretrain.interactions.precision import safe_precision
    from whypretrain.interactions.scoring import best_batch_size, score_coalitions

_WITH_TORCH = {
    **dict.fromkeys(["Game", "draw_game"], "games"),
    **dict.fromkeys(["Network", "checkpoints", "trained_networks", "untrained_network"], "networks"),
    **dict.fromkeys(["best_batch_size", "score_coalitions"], "scoring"),
    "safe_precision": "precision",
}

__all__ = [
    "REINITIALISED",
    "AndOr",
    "Effects",
    "Game",
    "KnowledgeSplit",
    "Network",
    "PlayerSet",
    "ScoreArchive",
    "ScratchRatio",
    "and_or",
    "area_under_curve",
    "baseline_values",
    "best_batch_size",
    "checkpoints",
    "coalitions",
    "controls_table",
    "detour",
    "digest",
    "draw_game",
    "dynamics_table",
    "earlier_rows",
    "effects_of",
    "error_bound",
    "from_masks",
    "from_shapiq",
    "gathered",
    "grid_players",
    "interaction_similarity",
    "knowledge_table",
    "load_players",
    "load_scores",
    "log_odds",
    "matching_table",
    "moebius",
    "normaliser",
    "or_interactions",
    "or_reconstruct",
    "order_groups",
    "orders",
    "require_same_players",
    "safe_precision",
    "salient",
    "save_scores",
    "score_coalitions",
    "scratch_ratio",
    "sensitivity_table",
    "similarity_table",
    "sparsity_table",
    "split_knowledge",
    "step_to_reach",
    "strength_curve",
    "strongest_table",
    "to_shapiq",
    "token_players",
    "trained_networks",
    "untrained_network",
    "zeta",
]


def __getattr__(name: str) -> Any:
    if name not in _WITH_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WITH_TORCH[name]}"), name)
