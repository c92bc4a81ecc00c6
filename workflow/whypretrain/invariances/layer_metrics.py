"""What is measured of every block of two compared models; a new metric is a module and a line of `LAYER_METRICS`.

A metric is a function `Pair` -> columns of layers.csv, (blocks,) each (see `whypretrain.invariances.comparison.Pair`).
"""

from __future__ import annotations

from whypretrain.runtime.registry import Registry

#: Name -> module and name of its function, below this package, in the order of the columns.
LAYER_METRICS: Registry[str] = {
    "stir": "columns.stir",
    "cka": "columns.cka",
    "chance": "columns.chance",
    "residual": "columns.residual",
    "scaled": "columns.scaled",
}
