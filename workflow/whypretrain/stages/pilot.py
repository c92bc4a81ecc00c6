"""Pilot: what the published schedules of inversion, and the config's, leave unfinished in a pre-trained network.

Reads the target's test images and the model; writes pilot.csv: the columns of
`whypretrain.invariances.schedules.pilot`, and `chosen` for the schedule of the highest self value in its worst block.
Published ones are scaled to the image size.

Config: pilot_images, steps, step_size, decay, batch_size, seed.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from whypretrain import data, invariances, models
from whypretrain.config import invariances as settings
from whypretrain.config.section import Seeded
from whypretrain.runtime import files, seeds
from whypretrain.stages import _inversions, _run


class Config(settings.Pilot, Seeded):
    """What `--config` holds."""


def stage(args: argparse.Namespace) -> None:
    """Invert a few images under every schedule."""
    config, test = args.config, data.load(args.data).split("test")
    images = _inversions.drawn(test, args.target, config.pilot_images, seed=config.seed)
    shape = images.images.shape[1:]
    schedules = {name: published.scaled(shape) for name, published in invariances.PUBLISHED.items()}
    schedules["config"] = _inversions.schedule(config)
    pretrained = models.load(args.pretrained)
    table = invariances.pilot(
        pretrained,
        models.as_input(images.images),
        schedules,
        seed=seeds.seed_of(config.seed, "pilot"),
        batch_size=config.batch_size or models.inversion_batch(pretrained),
    )
    table["chosen"] = table["schedule"] == invariances.choose_schedule(table)
    files.write_table(args.out / "pilot.csv", table)


def main(argv: list[str] | None = None) -> None:
    """The command line."""
    parser = _run.parser(__doc__, Config)
    parser.add_argument("--data", type=Path, required=True, help="folder of the target's images")
    parser.add_argument("--target", required=True, help="name of the target")
    parser.add_argument("--pretrained", type=Path, required=True, help="folder of the pre-trained model")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    _run.run(stage, parser.parse_args(argv))


if __name__ == "__main__":
    main()
