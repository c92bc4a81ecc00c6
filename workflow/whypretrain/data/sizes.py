"""How many images a section of the config will give, before any of them is made or decoded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from whypretrain.data.build import build
from whypretrain.data.catalogue import CATALOGUE
from whypretrain.data.scripts import SCRIPTS

_DIGITS = 1797  # images of scikit-learn's set


class Size(NamedTuple):
    """Training images, test images, classes."""

    train: int
    test: int
    classes: int


def expected_size(spec: Mapping[str, Any], *, name: str = "planned", seed: int = 0) -> Size:
    """The size of the data set `name` with this section: of files that are there counted, of others as published.

    Glyphs are counted as if the fonts drew all of a script's characters; a long tail (`imbalance`) is not counted.

    Raises:
        InputError: a root that is there and cannot be read.
    """
    kind = spec["kind"]
    if kind == "glyphs":
        most = spec.get("most_per_script") or 10**6
        classes = sum(min(len(SCRIPTS[script]), most) for script in spec["scripts"])
        whole = Size(
            classes * spec.get("train_per_class", 100), classes * spec.get("test_per_class", 10), classes
        )
    elif kind == "digits":
        test = round(_DIGITS * spec.get("test_fraction", 0.5))
        whole = Size(_DIGITS - test, test, 10)
    elif kind in CATALOGUE and not Path(spec["root"]).is_dir():
        entry = CATALOGUE[kind]
        whole = Size(entry.train, entry.test, entry.classes)
    else:
        made = build(name, dict(spec), size=8, channels=1, seed=seed, decode=False)
        return Size(len(made.split("train")), len(made.split("test")), len(made.classes))
    train = int(min(spec.get("train_size") or whole.train, whole.train) * spec.get("fraction", 1.0))
    return Size(train, min(spec.get("test_size") or whole.test, whole.test), whole.classes)
