"""Encoders of text: what one is, as plain values, and the module that turns tokens into features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from whypretrain.config.networks import HEAD_STD
from whypretrain.config.section import Count, Natural, Section
from whypretrain.errors import InputError

_PLANNED = 32  # tokens of a sentence, where the data are not there yet
_NOT_BUILT = ("pooler.", "cls.", "classifier.", "vocab_", "pre_classifier.", "lm_head.", "qa_outputs.")


class Encoder(Section):
    """An encoder of transformers and the tokens it takes; equal ones hold the same weights' shapes."""

    name: str
    """type of its configuration, e.g. bert"""
    options: dict[str, Any]
    """keys of that configuration"""
    pooling: Literal["cls", "mean"]
    """what the head sees: the state of the first token, or the mean over all"""
    pad: Natural
    """number of the token that fills up, which is never attended to"""
    mask: Natural
    """number of the token that hides"""
    special: tuple[Natural, ...]
    """numbers of the tokens that stand for no part of a sentence"""
    longest: Count
    """tokens of the longest sentence"""
    tokenizer: str
    """SHA-256 of its tokenizer"""
    head_std: float = HEAD_STD
    """standard deviation of the weights that a new head starts with"""

    def error(self, complaint: str) -> InputError:
        """An `InputError` that names this encoder."""
        return InputError(f"encoder {self.name!r}: {complaint}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `Encoder.from_dict` reads them back to an equal encoder."""
        return self.plain()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Encoder:
        """An encoder from plain values.

        Raises:
            InputError: for an unknown or missing key, or a value out of range.
        """
        return cls.of({**values, "special": tuple(values.get("special", ()))}, f"encoder {values.get('name')!r}")

    @property
    def takes(self) -> str:
        """What its inputs are, in words."""
        return f"tokens, int32 (N, 1, up to {self.longest})"

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a stored input of this shape, without the first axis, can be given to it."""
        return len(shape) == 2 and shape[0] == 1

    def blank(self, number: int) -> Tensor:
        """Inputs of a usual length, to count on."""
        return torch.full((number, 1, min(_PLANNED, self.longest)), self.mask, dtype=torch.int64)

    def require(self, samples: Any) -> None:
        """Refuse tokens of another tokenizer.

        Raises:
            InputError: naming both.
        """
        theirs = samples.about.get("encoder", {}).get("tokenizer")
        if theirs != self.tokenizer:
            raise self.error(
                f"the sentences were split by another tokenizer ({str(theirs)[:12]}, not {self.tokenizer[:12]}); "
                "tokenise them for this model"
            )


class TokenEncoder(nn.Module):
    """Tokens (B, 1, L) to features (B, d); padding is attended to by nothing and costs nothing.

    Attributes:
        body: the model of transformers without any head or pooler.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.body = _body(encoder)
        self.n_features = int(self.body.config.hidden_size)

    def forward(self, tokens: Tensor) -> Tensor:
        """Pooled states of the last layer."""
        tokens = self.trimmed(tokens)
        shown = tokens != self.encoder.pad
        return self.pooled(self.body(input_ids=tokens, attention_mask=_attended(shown)).last_hidden_state, shown)

    def trimmed(self, tokens: Tensor) -> Tensor:
        """Tokens (B, 1, L) as (B, l), up to the last that any sentence has."""
        ids = tokens[:, 0].long()
        if ids.is_meta:
            return ids
        used = (ids != self.encoder.pad).any(dim=0).nonzero()
        return ids[:, : int(used.max()) + 1]

    def pooled(self, states: Tensor, shown: Tensor) -> Tensor:
        """Features (B, d) of the states (B, l, d) of a layer; `shown` (B, l) are the tokens that count."""
        return states[:, 0] if self.encoder.pooling == "cls" else _mean(states, shown)

    def layers(self, tokens: Tensor) -> tuple[list[Tensor], Tensor]:
        """States after every layer, (B, l, d) each, and which tokens are shown, (B, l)."""
        tokens = self.trimmed(tokens)
        shown = tokens != self.encoder.pad
        found = self.body(input_ids=tokens, attention_mask=_attended(shown), output_hidden_states=True)
        return list(found.hidden_states[1:]), shown

    def embedded(self, tokens: Tensor) -> Tensor:
        """Word embeddings as a map over tokens, (B, d + 1, L); the last channel is 1 where a token is shown."""
        ids = tokens[:, 0].long()
        words = self.body.get_input_embeddings()(ids)
        return torch.cat([words, (ids != self.encoder.pad)[..., None].to(words)], dim=2).transpose(1, 2)

    def of_embedded(self, found: Tensor) -> Tensor:
        """Features from what `embedded` gives."""
        shown = found[:, -1] > 0.5
        length = int(shown.any(dim=0).nonzero().max()) + 1
        words, shown = found[:, :-1, :length].transpose(1, 2), shown[:, :length]
        return self.pooled(self.body(inputs_embeds=words, attention_mask=_attended(shown)).last_hidden_state, shown)


class Layers(NamedTuple):
    """The way of tokens through an encoder, layer by layer; outputs are means over the tokens, (B, d)."""

    backbone: TokenEncoder
    names: list[str]
    blocks: list[nn.Module]

    def upto(self, number: int | None) -> Layers:
        """The way up to layer `number`, 1-based; None: the whole."""
        return self._replace(names=self.names[:number], blocks=self.blocks[:number])

    def outputs(self, tokens: Tensor) -> Iterator[Tensor]:
        """Yield the output of layer 1, 2, ..."""
        states, shown = self.backbone.layers(tokens)
        yield from (_mean(state, shown) for state in states[: len(self.blocks)])


def layers_of(backbone: TokenEncoder) -> Layers:
    """The layers of an encoder, which transformers keeps in one list.

    Raises:
        InputError: if there is no such list.
    """
    number = backbone.body.config.num_hidden_layers
    for name, module in backbone.named_modules():
        if isinstance(module, nn.ModuleList) and len(module) == number:
            return Layers(backbone, [f"{name.removeprefix('body.')}.{index}" for index in range(number)], [*module])
    raise backbone.encoder.error("has no list of layers; use another type of encoder")


def fitting_state(state: Mapping[str, Tensor], body: nn.Module) -> tuple[dict[str, Tensor], list[str]]:
    """A checkpoint's tensors by the names of the body, and notes on what was left out: heads and poolers."""
    prefix = f"{getattr(body, 'base_model_prefix', '')}."
    own, found, dropped = set(body.state_dict()), dict[str, Tensor](), list[str]()
    for name, value in state.items():
        plain = name.removeprefix(prefix).replace("LayerNorm.gamma", "LayerNorm.weight")
        plain = plain.replace("LayerNorm.beta", "LayerNorm.bias")
        if plain not in own and (plain.startswith(_NOT_BUILT) or plain.endswith("position_ids")):
            dropped.append(plain.partition(".")[0])
        else:
            found[plain] = value.float() if value.is_floating_point() else value
    heads = sorted(set(dropped) - {"embeddings"})
    return found, [f"left out, since a new head is drawn: {', '.join(heads)}"] if heads else []


def _body(encoder: Encoder) -> Any:
    """The model of transformers; its weights are drawn from torch's global generator."""
    from transformers import AutoConfig, AutoModel

    try:
        config = AutoConfig.for_model(encoder.name, **encoder.options)
        try:
            return AutoModel.from_config(config, add_pooling_layer=False)
        except TypeError:
            return AutoModel.from_config(config)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise encoder.error(f"transformers refuses options {encoder.options} ({reason})") from error


def _attended(shown: Tensor) -> Tensor | None:
    """The mask of transformers; of tensors without memory none, whose values it would ask for."""
    return None if shown.is_meta else shown.long()


def _mean(states: Tensor, shown: Tensor) -> Tensor:
    weights = shown[..., None].to(states)
    return (states * weights).sum(dim=1) / weights.sum(dim=1)


def architecture_of(values: Mapping[str, Any]) -> Any:
    """What a model is, from the plain values in its model.json: an `Architecture` for images or an `Encoder` for text.

    Raises:
        InputError: as their `from_dict`.
    """
    from whypretrain.models.architecture import Architecture

    return Encoder.from_dict(values) if "tokenizer" in values else Architecture.from_dict(values)
