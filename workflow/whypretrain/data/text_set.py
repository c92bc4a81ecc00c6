"""Sentences with labels: samples like images, with the same manifest; and their tokens, once for each tokenizer.

In an `ImageSet` of text `images` are sentences, str (N,), or, once they are tokenised, token numbers, int32 (N, 1, L):
one channel, L positions, padded at the end. The manifest has the sentence in the column `text`, and with tokens in
`words` the word that each token belongs to, -1 for special tokens (without the padding).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from whypretrain.data.image_set import SPLITS, ImageSet, assemble, read_manifest
from whypretrain.errors import InputError
from whypretrain.runtime import files
from whypretrain.runtime.places import DATA_CARD, TEXT, TOKENS


def text_set(
    texts: Sequence[str], labels: np.ndarray, *, test: np.ndarray, classes: Sequence[str], origins: Sequence[str]
) -> ImageSet:
    """Put a set of sentences together, training sentences first; arguments as `image_set.assemble`.

    Raises:
        InputError: if a sentence is empty.
    """
    for text, origin in zip(texts, origins, strict=True):
        if not text.strip():
            raise InputError(f"{origin}: the sentence is empty; remove the row")
    array = np.empty(len(texts), object)
    array[:] = list(texts)
    made = assemble(array, labels, test=test, classes=classes, concepts=classes, origins=origins)
    return ImageSet(made.images, made.manifest.assign(text=made.images), made.about)


def is_text(samples: ImageSet) -> bool:
    """Whether a set is of sentences, tokenised or not."""
    return bool(samples.images.dtype == object or samples.images.dtype == np.int32)


def save(sentences: ImageSet, folder: str | Path) -> dict[str, Any]:
    """Write `manifest.parquet` and `data.json`, which is returned; the same set gives the same bytes."""
    folder = Path(folder)
    with files.atomic(folder / TEXT[0]) as temporary:
        sentences.manifest.to_parquet(temporary, index=False)
    about = {**sentences.about, **_summary(sentences), "sentences_sha256": files.sha256(folder / TEXT[0])}
    files.write_json(folder / DATA_CARD, about)
    return about


def save_tokens(
    sentences: ImageSet,
    tokens: Sequence[Sequence[int]],
    words: Sequence[Sequence[int]],
    folder: str | Path,
    encoder: Mapping[str, Any],
) -> None:
    """Write `tokens.npy`, padded to the longest sentence, the manifest with the word of each token, and `data.json`.

    Args:
        tokens, words: numbers of each sentence's tokens, and of the word that each belongs to.
        encoder: what the tokens are for (see `models.encoders.Encoder`); kept in data.json.
    """
    folder, length = Path(folder), max(map(len, tokens))
    padded = np.full((len(tokens), 1, length), encoder["pad"], np.int32)
    for row, found in zip(padded, tokens, strict=True):
        row[0, : len(found)] = found
    with files.atomic(folder / TOKENS[0]) as temporary:
        np.save(temporary, padded)
    with files.atomic(folder / TOKENS[1]) as temporary:
        _with_words(sentences.manifest, words).to_parquet(temporary, index=False)
    about = {**sentences.about, "shape": [1, length], "encoder": dict(encoder)}
    files.write_json(folder / DATA_CARD, {**about, "tokens_sha256": files.sha256(folder / TOKENS[0])})


def _with_words(manifest: pd.DataFrame, words: Sequence[Sequence[int]]) -> pd.DataFrame:
    column = pd.Series([list(each) for each in words], index=manifest.index)
    return pd.concat([manifest, column.rename("words")], axis=1)


def is_here(folder: Path) -> bool:
    """Whether a folder holds sentences, by its data.json."""
    about = files.read_json(folder / DATA_CARD)
    return isinstance(about, dict) and "sentences_sha256" in about


def load(folder: str | Path, *, hashed: bool = True) -> ImageSet:
    """Read what `save_tokens` or `save` wrote; tokens are memory-mapped.

    Raises:
        InputError: if a file is missing, damaged, or disagrees with the others.
    """
    folder = Path(folder)
    about, manifest = files.read_json(folder / DATA_CARD), read_manifest(folder / TEXT[0])
    tokens = folder / TOKENS[0]
    if not tokens.is_file():
        return ImageSet(manifest["text"].to_numpy(object), manifest, about)
    if hashed and files.sha256(tokens) != about.get("tokens_sha256"):
        raise InputError(f"{tokens}: damaged or changed, its SHA-256 is not the one in data.json; tokenise again")
    found = np.load(tokens, mmap_mode="r", allow_pickle=False)
    if found.dtype != np.int32 or found.ndim != 3 or len(found) != len(manifest):
        raise InputError(f"{tokens}: {found.dtype} of shape {found.shape}, not int32 (N, 1, L); tokenise again")
    return ImageSet(found, manifest, about)


def _summary(sentences: ImageSet) -> dict[str, Any]:
    """Counts and classes; words of a sentence on average; sentences that have a copy."""
    manifest, classes = sentences.manifest, sentences.classes
    counts = manifest.groupby(["split", "label"]).size()
    text = manifest["text"]
    training = set(text[manifest["split"] == "train"])
    held_out = text[manifest["split"] == "test"]
    return {
        "images": len(sentences),
        "shape": [],
        "classes": classes,
        "concepts": sentences.concepts,
        "counts": {split: [int(counts.get((split, label), 0)) for label in range(len(classes))] for split in SPLITS},
        "words": round(float(np.mean([len(each.split()) for each in text])), 2),
        "identical": {
            "images": int(text.duplicated(keep=False).sum()),
            "across_splits": int(held_out.isin(training).sum()),
        },
    }
