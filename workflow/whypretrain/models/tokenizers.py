"""What a text checkpoint brings next to its weights: configuration and tokenizer; or a vocabulary trained here."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whypretrain.config.encoders import TextEncoder
from whypretrain.config.networks import is_fetched
from whypretrain.errors import InputError
from whypretrain.models.encoders import Encoder
from whypretrain.models.wordpiece import wordpieces
from whypretrain.provenance import located
from whypretrain.runtime.files import read_json
from whypretrain.runtime.places import WEIGHTS

CONFIG = "config.json"
_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model")
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_UNUSED = ("architectures", "transformers_version", "torch_dtype", "dtype", "use_cache", "id2label", "label2id")
_USUAL, _POSITIONS = "bert", 128  # of an encoder that no checkpoint describes


@dataclass(frozen=True)
class Tokenizer:
    """A tokenizer as the text of its tokenizer.json, and the numbers of the tokens that pad and hide."""

    text: str
    pad: int
    mask: int

    @property
    def sha256(self) -> str:
        """Of its text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def split(self, texts: Sequence[str]) -> list[Any]:
        """Encodings of the sentences (`tokenizers.Encoding`), neither cut nor padded."""
        found = self._made()
        return list(found.encode_batch(list(texts)))

    @property
    def special(self) -> tuple[int, ...]:
        """Numbers of the tokens around a sentence, those of an empty one, and of padding."""
        return tuple(sorted({*self._made().encode("").ids, self.pad}))

    @property
    def size(self) -> int:
        """Number of its tokens."""
        return int(self._made().get_vocab_size())

    def _made(self) -> Any:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from tokenizers import Tokenizer as Fast

        found = Fast.from_str(self.text)
        found.no_truncation()
        found.no_padding()
        return found


def folder_of(checkpoint: str) -> Path:
    """The folder of a text checkpoint, `file:FOLDER` or `package:NAME`.

    Raises:
        InputError: if there is none with a configuration.
    """
    place = located(checkpoint.removeprefix("file:"))
    folder = place if place.is_dir() else place.parent
    if not (folder / CONFIG).is_file():
        inner = sorted(path.parent for path in folder.rglob(CONFIG) if (path.parent / "tokenizer.json").is_file())
        if len(inner) != 1:
            raise InputError(f"checkpoint {checkpoint}: {folder} has no {CONFIG}; give the folder of a text model")
        folder = inner[0]
    return folder


def read_description(checkpoint: str, weights: str | Path | None = None) -> tuple[dict[str, Any], Tokenizer]:
    """Configuration and tokenizer of a checkpoint; of one from a hub those kept with its weights.

    Raises:
        InputError: if they are missing.
    """
    if weights is not None:
        kept = read_json(Path(weights) / WEIGHTS[1]).get("encoder")
        if not kept:
            raise InputError(f"checkpoint {checkpoint}: has no tokenizer, so it is no text model; name another one")
        return kept["config"], Tokenizer(kept["tokenizer"], kept["pad"], kept["mask"])
    folder = folder_of(checkpoint)
    return read_json(folder / CONFIG), read_tokenizer(folder)


def read_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer in a folder, by transformers.

    Raises:
        InputError: if there is none, or it has no tokens that pad and hide.
    """
    transformers = import_transformers()
    if not any((folder / name).is_file() for name in _FILES):  # transformers would make an empty one
        raise InputError(
            f"checkpoint {folder}: has no tokenizer, none of {', '.join(_FILES)}; save it next to the model"
        )
    try:
        found = transformers.AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        text, pad, mask = found.backend_tokenizer.to_str(), found.pad_token_id, found.mask_token_id
    except Exception as error:  # transformers raises what its many readers raise
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"checkpoint {folder}: has no tokenizer that can be read ({reason})") from None
    if pad is None or mask is None:
        raise InputError(
            f"checkpoint {folder}: its tokenizer has no {'mask' if mask is None else 'padding'} token, so it is that "
            "of no masked language model; give an encoder such as BERT"
        )
    return Tokenizer(text, int(pad), int(mask))


def train_tokenizer(texts: Iterable[str], size: int) -> Tokenizer:
    """A lower-case WordPiece tokenizer with at most `size` pieces; the same texts give the same one."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import_transformers()
    from tokenizers import Tokenizer as Fast
    from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

    normalise, cut = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    words = Counter(word for text in texts for word, _ in cut.pre_tokenize_str(normalise.normalize_str(text)))
    pieces = [*_SPECIAL, *wordpieces(words, size - len(_SPECIAL))]
    made: Any = Fast(models.WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token="[UNK]"))
    made.add_special_tokens(list(_SPECIAL))
    made.normalizer, made.pre_tokenizer, made.decoder = normalise, cut, decoders.WordPiece()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return Tokenizer(made.to_str(), pad=0, mask=4)


def encoder_of(given: TextEncoder, config: Mapping[str, Any], tokenizer: Tokenizer) -> Encoder:
    """The encoder of a section of the config, over the configuration next to its checkpoint.

    Raises:
        InputError: if the type is unknown or no encoder, or the tokenizer has tokens that the model lacks.
    """
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES as ENCODERS

    own = {key: value for key, value in config.items() if key not in _UNUSED and not key.startswith("_")}
    kind = own.pop("model_type", None)
    name = given.name or kind or _USUAL
    if name not in ENCODERS or own.get("is_decoder") or own.get("is_encoder_decoder"):
        raise InputError(
            f"encoder {name!r}: is no encoder with a masked language model in transformers, but a decoder or unknown; "
            "give one such as bert or distilbert"
        )
    start = {} if config else {"max_position_embeddings": _POSITIONS}
    options = {**start, **own, **given.options}
    options.setdefault("vocab_size", tokenizer.size)
    if tokenizer.size > options["vocab_size"]:
        raise InputError(
            f"encoder {name!r}: the tokenizer has {tokenizer.size} tokens and the model {options['vocab_size']}: it is "
            "the tokenizer of another model; put the right files together"
        )
    positions = getattr(AutoConfig.for_model(name, **options), "max_position_embeddings", given.longest)
    return Encoder(
        name=name,
        options=options,
        pooling=given.pooling,
        pad=tokenizer.pad,
        mask=tokenizer.mask,
        special=tokenizer.special,
        longest=min(given.longest, int(positions)),
        tokenizer=tokenizer.sha256,
        head_std=given.head_std,
    )


def planned_encoder(model: Mapping[str, Any]) -> Encoder:
    """The encoder of a model's section of the config, as far as it is known before anything is read or fetched.

    Where no configuration is at hand, it is that of transformers for the type: of bert and distilbert the base size.
    """
    given, checkpoint = TextEncoder.of(model["encoder"]), model.get("checkpoint")
    described: dict[str, Any] = {}
    if checkpoint and not is_fetched(checkpoint):
        described = read_json(folder_of(checkpoint) / CONFIG)
    own = {} if checkpoint else {"vocab_size": given.vocabulary}
    options = {key: each for key, each in described.items() if key not in (*_UNUSED, "model_type") and key[0] != "_"}
    return Encoder(
        name=given.name or described.get("model_type") or _USUAL,
        options={**own, **options, **given.options},
        pooling=given.pooling,
        pad=0,
        mask=4,
        special=(0,),
        longest=given.longest,
        tokenizer="",
    )


def import_transformers() -> Any:
    """The library.

    Raises:
        InputError: if it is not installed.
    """
    try:
        import transformers
    except ImportError:
        raise InputError("models with the key encoder need transformers; pip install 'whypretrain[text]'") from None
    return transformers
