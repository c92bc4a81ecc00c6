"""How many images a section of the config will give, before any of them is made or decoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from whypretrain.data.build import build
from whypretrain.data.kinds import Size, kind_of


def expected_size(spec: Mapping[str, Any], *, name: str = "planned", seed: int = 0) -> Size:
    """The size of the data set `name` with this section: of files that are there counted, of others as published.

    Glyphs are counted as if the fonts drew all of a script's characters; a long tail (`imbalance`) is not counted.

    Raises:
        InputError: a root that is there and cannot be read.
    """
    kind = kind_of(spec, f"datasets.{name}")
    options = kind.options.of(spec, f"datasets.{name}")
    whole = kind.size(options)
    if whole is None:
        counted = {**spec, "on_broken": "stop"} if "on_broken" in spec else dict(spec)  # nothing is decoded for this
        made = build(name, counted, size=8, channels=1, seed=seed, decode=False)
        return Size(len(made.split("train")), len(made.split("test")), len(made.classes))
    train = int(min(options.train_size or whole.train, whole.train) * options.fraction)
    return Size(train, min(options.test_size or whole.test, whole.test), whole.classes)
