"""Stage derive_methods: models made from trained ones of one architecture and seed on one target, each in its folder.

Each leaves model.safetensors, model.json, history.csv (no rows) and metrics.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

import pandas as pd

from whypretrain import data, models
from whypretrain.config.derived import Derived
from whypretrain.config.section import Name, Seeded
from whypretrain.runtime import files
from whypretrain.runtime.seeds import seed_of
from whypretrain.stages._run import add_folders, add_run, parser, run, run_of
from whypretrain.training.derived import derive
from whypretrain.training.trainer import evaluate


class Config(Seeded):
    """What `--config` holds."""

    derived: Mapping[Name, Derived]
    """by method"""


def stage(arguments: argparse.Namespace) -> None:
    """Make every model of `--out` from those of `--bases`; config keys: derived (method -> change), seed."""
    config, target = arguments.config, data.load(arguments.target)
    about = run_of(arguments)
    bases = {name: models.load(folder) for name, folder in arguments.bases.items()}
    for method, folder in arguments.out.items():
        how = config.derived[method]
        seed = seed_of(config.seed, "derive", about["target"], how.change, arguments.seed)
        other = bases[how.toward] if how.toward else None
        model = derive(how, bases[how.base], other, target, seed=seed)
        models.save(model, folder, {**about, "method": method, "derived": how.plain()})
        files.write_table(folder / "history.csv", pd.DataFrame({"step": [], "loss": []}))
        files.write_json(folder / "metrics.json", {**about, "method": method, **evaluate(model, target, split="test")})


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Config)
    add_run(found)
    add_folders(found, "--bases", "METHOD=FOLDER of each model that others are made from")
    add_folders(found, "--out", "METHOD=FOLDER of each model to make")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
