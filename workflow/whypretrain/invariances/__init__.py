"""What fine-tuning keeps and forgets, layer by layer, by inputs that a layer cannot tell apart (arXiv:2307.06006).

Example: a layer that sees the left half of an image shares all of its own invariances, one that sees the whole fewer.
    >>> import torch
    >>> from whypretrain.invariances import stir
    >>> images = torch.rand(20, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    >>> whole, left = (lambda x: x.flatten(1)), (lambda x: x[..., :2].flatten(1))
    >>> options = {"steps": 100, "step_size": 0.1, "seed": 0}
    >>> stir(left, left, images, **options) > 0.99, stir(whole, left, images, **options) < 0.8
    (True, True)
"""

from whypretrain.runtime.loading import lazily

_NAMES = {
    "blocks": ["BlockModel", "block_grams", "block_layer", "frozen", "invert_blocks", "inverted_grams"],
    "cka": ["cka_matrix", "cka_of_grams", "gram", "linear_cka"],
    "comparison": ["ESTIMATORS", "Pair", "Subject", "averaged", "compare", "examine", "permuted_chance"],
    "dynamics": ["follow", "with_peaks"],
    "inversion": ["Inversion", "invert", "starting_noise"],
    "metrics": [
        "cka_divergence",
        "excess",
        "flow",
        "forgetting",
        "learning",
        "nesting_shortfall",
        "null_flow",
        "scaled",
    ],
    "robustness": ["Correlation", "correlate", "correlations", "spread"],
    "schedules": ["PUBLISHED", "Schedule", "choose_schedule", "pilot"],
    "similarity": ["stir"],
    "layer_metrics": ["LAYER_METRICS"],
}
_MODULES = {name: f"invariances.{module}" for module, names in _NAMES.items() for name in names}
__all__ = sorted(_MODULES)

__getattr__ = lazily(__name__, _MODULES)
