"""Interactions: what a model knows of a sample; what training keeps, discards and adds (arXiv 2410.08455).

The analysis of stored scores needs no torch. Tables (pandas) and what runs models (torch) are loaded when first used:
reading the registry of tables loads neither.

Example: players 1 and 2 act together and player 3 alone; fine-tuning keeps the pair and loses the third player.
    >>> import numpy as np
    >>> from whypretrain.interactions import moebius, split_knowledge
    >>> pretrained = np.array([[0.0, 0.0, 0.0, 4.0, 1.0, 1.0, 1.0, 5.0]])    # one image: v of {}, 1, 2, 12, 3, 13, ...
    >>> finetuned = np.array([[0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 4.0]])
    >>> moebius(pretrained)
    array([[0., 0., 0., 4., 1., 0., 0., 0.]])
    >>> float(split_knowledge(moebius(pretrained), moebius(finetuned)).preserve_share())
    0.8
"""

# Also the names of their modules, which they must hide.
from whypretrain.interactions.agreement import agreement as agreement
from whypretrain.interactions.and_or import and_or as and_or
from whypretrain.interactions.commonality import commonality as commonality
from whypretrain.interactions.walsh import walsh as walsh
from whypretrain.runtime.loading import lazily

_NAMES = {
    "agreement": ["Agreement", "over_seeds"],
    "agreement_tables": ["agreement_path_table", "agreement_table", "commonality_table"],
    "coalitions": ["all_coalitions", "random_coalitions", "small_coalitions"],
    "commonality": ["Commonality"],
    "null": ["PermutationNull", "permutation_null"],
    "permuted_shares": ["null_table"],
    "sampled": ["SampledAgreement", "agreement_sampled", "coalitions_predicted"],
    "walsh": ["banzhaf", "fourier_weight"],
    "and_or": ["AndOr", "error_bound"],
    "archive": [
        "ScoreArchive",
        "digest",
        "earlier_rows",
        "gathered",
        "load_scores",
        "require_same_players",
        "save_scores",
    ],
    "baselines": ["baseline_values"],
    "controls": ["controls_table", "strongest_table"],
    "effects": ["Effects", "effects_of"],
    "games": ["Game", "draw_game"],
    "knowledge": ["KnowledgeSplit", "ScratchRatio", "scratch_ratio", "split_knowledge"],
    "logits": ["log_odds"],
    "low_order": ["LowDegree", "moebius_low_order", "walsh_low_degree"],
    "networks": ["Network", "checkpoints", "trained_networks", "untrained_network"],
    "players": ["PlayerSet", "from_masks", "grid_players", "load_players", "token_players"],
    "rounding": ["safe_for_effects"],
    "salience": ["normaliser", "salient"],
    "scoring": ["score_coalitions"],
    "similarity": [
        "area_under_curve",
        "detour",
        "interaction_similarity",
        "order_groups",
        "step_to_reach",
        "strength_curve",
    ],
    "tables": [
        "dynamics_table",
        "knowledge_table",
        "matching_table",
        "sensitivity_table",
        "similarity_table",
        "sparsity_table",
    ],
    "transforms": ["moebius", "or_interactions", "or_reconstruct", "orders", "zeta"],
}
_MODULES = {name: f"interactions.{module}" for module, names in _NAMES.items() for name in names}
__all__ = sorted([*_MODULES, "agreement", "and_or", "commonality", "walsh"])

__getattr__ = lazily(__name__, _MODULES)
