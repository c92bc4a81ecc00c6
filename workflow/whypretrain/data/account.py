"""What data.json says about the files and pixels of a data set, in sentences for the log and the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_DARK = 64  # of 255: sets without a brighter pixel are remarked on


def account(about: Mapping[str, Any]) -> Iterator[str]:
    """What was read and left out, and the splits; then the remarks.

    Example:
        >>> files = {"found": 12, "images": 10, "left_out": {".heic": 2}}
        >>> list(account({"files": files, "images": 10, "constant": 3}))
        ['12 files found, 10 of them images; left out: 2 .heic', '3 of 10 images are of one colour']
    """
    if files := about.get("files"):
        left_out = f"; left out: {listed(files['left_out'])}" if files["left_out"] else ""
        yield f"{files['found']} files found, {files['images']} of them images{left_out}"
    if splits := about.get("splits"):
        yield _splits(splits)
    yield from remarks(about)


def remarks(about: Mapping[str, Any]) -> Iterator[str]:
    """What may be wrong with the images."""
    if number := about.get("skipped", {}).get("number"):
        yield f"{number} images left out because they cannot be decoded (on_broken: skip)"
    if number := about.get("constant"):
        yield f"{number} of {about['images']} images are of one colour"
    if number := about.get("identical", {}).get("images"):
        across, what = about["identical"]["across_splits"], "sentence" if "sentences_sha256" in about else "image"
        of_training = f", {across} test {what if across == 1 else f'{what}s'} of a training {what}" if across else ""
        yield f"{number} {what}s are copies of another one{of_training}"
    if about.get("brightest", 255) < _DARK:
        yield (
            f"no training image has a pixel above {about['brightest']} of 255; "
            "for files of more than 8 bits set white: to the value that is white"
        )


def listed(counts: Mapping[str, int]) -> str:
    """Counts by what is counted, as "2 .heic, 1 no ending"."""
    return ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))


def _splits(splits: Mapping[str, Any]) -> str:
    if "drawn" in splits:
        return f"split drawn: {splits['drawn']:g} of each class are test images"
    unused = f"; not used: {', '.join(splits['unused'])}" if splits.get("unused") else ""
    return f"splits: training images from {splits['train']}, test images from {splits['test']}{unused}"
