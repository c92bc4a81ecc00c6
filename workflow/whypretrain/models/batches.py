"""How many inputs a pass takes at a time, where the config leaves that to the network.

On a CPU a pass is fastest while the inputs and outputs of the widest module stay in the caches: an EfficientNet-Lite0
at 96 px does batches of 16 over one and a half times as fast as batches of 256 (`python -m benchmarks.batches` measures
it). A GPU takes the largest; batches that do not fit into memory are halved by those who run them.
"""

from __future__ import annotations

import json
from functools import cache

from whypretrain.models.classifier import Classifier
from whypretrain.models.cost import passing
from whypretrain.models.encoders import architecture_of
from whypretrain.models.inputs import device

IN_CACHES = 48_000_000  # bytes of the widest module's inputs and outputs
LEAST, MOST = 8, 256
MOST_INVERTED = 96  # of all layers together; more were not faster


def forward_batch(model: Classifier) -> int:
    """Inputs of a forward pass: on a CPU the largest power of two whose widest module stays in the caches, 8 to 256."""
    if device().type != "cpu":
        return MOST
    fitting = IN_CACHES // _passing(json.dumps(model.architecture.to_dict(), sort_keys=True))
    return max(LEAST, min(MOST, 1 << fitting.bit_length() - 1 if fitting else 0))


def inversion_batch(model: Classifier) -> int:
    """Inputs of all layers together: twice those of a forward pass, since few layers reach the widest module."""
    return min(MOST_INVERTED, 2 * forward_batch(model))


@cache
def _passing(architecture: str) -> int:
    return passing(architecture_of(json.loads(architecture)))
