"""What fine-tuning keeps and forgets, layer by layer, by inputs that a layer cannot tell apart
(arXiv:2307.06006)."""

from whypretrain.invariances.blocks import (
    BlockModel,
    block_grams,
    block_layer,
    frozen,
    invert_blocks,
    inverted_grams,
)
from whypretrain.invariances.cka import (
    cka_matrix,
    cka_of_grams,
    gram,
    linear_cka,
    minibatch_cka,
    subspace_similarity,
)
from whypretrain.invariances.comparison import ESTIMATORS, Subject, compare, examine, permuted_chance
from whypretrain.invariances.dynamics import follow, with_peaks
from whypretrain.invariances.inversion import Inversion, invert, starting_noise
from whypretrain.invariances.metrics import (
    cka_divergence,
    excess,
    flow,
    forgetting,
    learning,
    nesting_shortfall,
    null_flow,
    scaled,
)
from whypretrain.invariances.pilot import PRESETS, Schedule, choose_schedule, pilot
from whypretrain.invariances.robustness import Correlation, correlate, spread, without_early
from whypretrain.invariances.stir import stir

__all__ = [
    "ESTIMATORS",
    "PRESETS",
    "BlockModel",
    "Correlation",
    "Inversion",
    "Schedule",
    "Subject",
    "block_grams",
    "block_layer",
    "choose_schedule",
    "cka_divergence",
    "cka_matrix",
    "cka_of_grams",
    "compare",
    "correlate",
    "examine",
    "excess",
    "flow",
    "follow",
    "forgetting",
    "frozen",
    "gram",
    "invert",
    "invert_blocks",
    "inverted_grams",
    "learning",
    "linear_cka",
    "minibatch_cka",
    "nesting_shortfall",
    "null_flow",
    "permuted_chance",
    "pilot",
    "scaled",
    "spread",
    "starting_noise",
    "stir",
    "subspace_similarity",
    "with_peaks",
    "without_early",
]
