"""Stage tokens: the sentences of data sets as the tokens of one model, and which word each token belongs to.

Writes into `--out` a folder for each data set: tokens.npy, manifest.parquet, data.json; and tokenizer.json. The
tokenizer is that of the model's checkpoint, else a WordPiece vocabulary trained on the training sentences of the first
data set.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from whypretrain import data
from whypretrain.config.models import Pretrained
from whypretrain.data import text_set
from whypretrain.data.words import words_of_tokens
from whypretrain.errors import InputError
from whypretrain.models import tokenizers
from whypretrain.models.encoders import Encoder
from whypretrain.runtime import files
from whypretrain.runtime.places import TEXT
from whypretrain.stages._run import parser, run


def stage(arguments: argparse.Namespace) -> None:
    """Tokenise every data set of `--data`; config keys: encoder, checkpoint."""
    config = arguments.config
    if config.encoder is None:
        raise InputError("--config: encoder is missing; sentences are tokenised for a model with that key")
    tokenizers.import_transformers()
    sets = {folder.name: data.load(folder) for folder in arguments.data}
    if config.checkpoint:
        described, tokenizer = tokenizers.read_description(config.checkpoint, arguments.weights)
    else:
        first = next(iter(sets.values())).split("train")
        described, tokenizer = {}, tokenizers.train_tokenizer(first.images, config.encoder.vocabulary)
    encoder = tokenizers.encoder_of(config.encoder, described, tokenizer)
    for name, sentences in sets.items():
        _tokenise(name, sentences, tokenizer, encoder, arguments.out / name)
    with files.atomic(arguments.out / "tokenizer.json") as temporary:
        temporary.write_text(tokenizer.text, encoding="utf-8")


def _tokenise(
    name: str, sentences: data.ImageSet, tokenizer: tokenizers.Tokenizer, encoder: Encoder, folder: Path
) -> None:
    """Write one data set.

    Raises:
        InputError: if a sentence has no token, or more than the encoder takes.
    """
    texts = sentences.images.tolist()
    found = tokenizer.split(texts)
    for each, origin in zip(found, sentences.manifest["origin"], strict=True):
        if len(each.ids) > encoder.longest:
            raise InputError(
                f"data set {name!r}: {origin} has {len(each.ids)} tokens, and encoder {encoder.name!r} takes "
                f"{encoder.longest}; shorten it, or raise the key longest where the encoder has more positions"
            )
        if not set(each.ids) - set(encoder.special):
            raise InputError(f"data set {name!r}: {origin} has no token; remove the row")
    words = [words_of_tokens(text, each.offsets) for text, each in zip(texts, found, strict=True)]
    text_set.save_tokens(sentences, [each.ids for each in found], words, folder, encoder.to_dict())
    mean = sum(len(each.ids) for each in found) / len(found)
    print(f"{name}: {len(found)} sentences of {mean:.1f} tokens on average", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Pretrained, data=TEXT)
    found.add_argument("--data", required=True, type=Path, nargs="+", help="folders of the data sets, the source first")
    found.add_argument("--weights", type=Path, help="folder of the checkpoint's weights, where they were fetched")
    found.add_argument("--out", required=True, type=Path, help="folder to write, .../tokens/ARCHITECTURE")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
