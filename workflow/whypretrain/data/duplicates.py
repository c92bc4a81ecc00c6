"""Copies within an image set, and near-duplicates between two, by their pixels: no model decides what is alike."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import numpy as np

_SIDE = 16  # images are compared at this size at most
_BLOCK = 2**22  # entries of a block of similarities
_PIXELS = 2**24  # of the images that are read at a time


_AT_ONCE = 256  # images that are looked at together for copies


def copies(images: np.ndarray, test: np.ndarray) -> dict[str, Any]:
    """How many images are of one colour, and how many equal another image in every pixel.

    Args:
        images: uint8, (N, C, H, W).
        test: whether each is a test image, (N,).

    Returns:
        `constant`, images whose channels are constant; `identical`: `images` that have a copy, and of the test
        images those that equal a training image, `across_splits`.

    Example:
        >>> copies(np.uint8([[[[0, 1]]], [[[0, 1]]], [[[7, 7]]]]), np.array([False, True, True]))
        {'constant': 1, 'identical': {'images': 2, 'across_splits': 1}}
    """
    constant, digests = 0, list[bytes]()
    for start in range(0, len(images), _AT_ONCE):
        block = np.ascontiguousarray(images[start : start + _AT_ONCE])
        constant += int((block == block[:, :, :1, :1]).all(axis=(1, 2, 3)).sum())
        digests += [hashlib.blake2b(image.data, digest_size=16).digest() for image in block]
    number = Counter(digests)
    training = {digest for digest, held_out in zip(digests, test, strict=True) if not held_out}
    across = sum(digest in training for digest, held_out in zip(digests, test, strict=True) if held_out)
    same = sum(each for each in number.values() if each > 1)
    return {"constant": constant, "identical": {"images": same, "across_splits": across}}


def nearest_similarity(images: np.ndarray, others: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
    """How alike each image is to the most similar of the others.

    Similarity is the correlation of grey values over the pixels, shrunk to at most 16 x 16 by averaging:
    1 for copies, also where brightness or contrast differ; 0 for images that have nothing in common.
    Images of one single grey value are like nothing (0).

    Args:
        images: uint8, (N, C, H, W).
        others: uint8, (M, C', H, W), of the same height and width.
        rows: numbers of the images that are compared, in order; None: all.

    Returns:
        float32, (N,) or as many as rows, in [-1, 1]; -1 where there are no others.

    Example:
        >>> image = np.arange(64, dtype=np.uint8).reshape(1, 1, 8, 8)
        >>> nearest_similarity(image, 2 * image + 3).round(4)
        array([1.], dtype=float32)
    """
    rows = np.arange(len(images)) if rows is None else rows
    if len(others) == 0:
        return np.full(len(rows), -1, dtype=np.float32)
    most = max(1, _PIXELS // others[0].size)  # images that are held at a time
    known = np.concatenate([_signatures(others[at : at + most]) for at in range(0, len(others), most)])
    step = min(most, max(1, _BLOCK // len(known)))
    blocks = (images[rows[at : at + step]] for at in range(0, len(rows), step))
    found = [(_signatures(block) @ known.T).max(axis=1) for block in blocks]
    return np.concatenate([np.empty(0, np.float32), *found])


def _signatures(images: np.ndarray) -> np.ndarray:
    """Grey values at the size of comparison, centred and of unit norm, float32, (N, pixels)."""
    grey = _shrunk(images.mean(axis=1, dtype=np.float32))
    flat = grey.reshape(len(grey), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.divide(flat, norm, out=np.zeros_like(flat), where=norm > 1e-3)


def _shrunk(grey: np.ndarray) -> np.ndarray:
    """Means of blocks of pixels, so that at most 16 a side are left; the last rows and columns may fall away."""
    number, height, width = grey.shape
    down, across = -(-height // _SIDE), -(-width // _SIDE)
    kept = grey[:, : height // down * down, : width // across * across]
    return kept.reshape(number, height // down, down, width // across, across).mean(axis=(2, 4))
