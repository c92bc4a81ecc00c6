"""Players of the scored images, as the stage that scores leaves them in its archives."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from whypretrain.errors import InputError


@dataclass(frozen=True)
class Players:
    """Which player each position of each scored image belongs to.

    Attributes:
        target: the data set's name.
        owners: int16, (S, H, W): the player's number, -1 for the background.
        samples: ids of the S images.
    """

    target: str
    owners: np.ndarray
    samples: list[str]

    def owner(self, sample: str) -> np.ndarray:
        """The map (H, W) of one image.

        Raises:
            InputError: if the image was not scored.
        """
        if sample not in self.samples:
            raise InputError(f"players: image {sample!r} of {self.target} was not scored; analyse it again")
        return self.owners[self.samples.index(sample)]


def read(path: str | Path) -> Players:
    """Read one archive of scores.

    Raises:
        InputError: if it cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            owners, about = arrays["owner"], json.loads(str(arrays["about"]))
        return Players(about["target"], owners, [str(sample) for sample in about["samples"]])
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: not an archive of scores ({error}); run the score stage again") from error
