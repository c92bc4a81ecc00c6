"""Masked-language modelling: pre-training an encoder to name the tokens that were hidden (arXiv:1810.04805)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from whypretrain.models import Classifier
from whypretrain.runtime.seeds import seed_of

_SHARE, _MASKED, _RANDOM = 0.15, 0.8, 0.1  # of tokens that are asked for; of these hidden, and replaced at random


class MaskedHead(nn.Module):
    """From states to tokens, as in BERT: a dense layer, then the transposed word embeddings and a bias."""

    def __init__(self, network: Classifier, *, seed: int) -> None:
        super().__init__()
        body: Any = network.backbone.body
        embeddings = body.get_input_embeddings().weight
        number, width = embeddings.shape
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(seed, "masked head"))
            self.dense = nn.Linear(body.config.hidden_size, width)
        self.norm = nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.zeros(number))
        self.to(embeddings.device)

    def forward(self, states: Tensor, embeddings: Tensor) -> Tensor:
        """Logits (n, vocabulary) of states (n, d)."""
        return self.norm(nn.functional.gelu(self.dense(states))) @ embeddings.T + self.bias


def masked_loss(network: Classifier, head: MaskedHead, tokens: Tensor) -> Tensor:
    """Cross-entropy of 15 % of the tokens, of which 80 % are hidden, 10 % random ones, and 10 % left as they are.

    Which, is drawn from torch's global generator, as dropout is.

    Args:
        network: a text classifier.
        head: from its states to tokens.
        tokens: (B, 1, L).
    """
    backbone: Any = network.backbone
    encoder, body = backbone.encoder, backbone.body
    ids = backbone.trimmed(tokens)
    special = torch.tensor(encoder.special, device=ids.device)
    plain = ~torch.isin(ids, special)
    asked = plain & (torch.rand(ids.shape, device=ids.device) < _SHARE)
    asked |= plain & ~asked.any() & (torch.cumsum(plain.flatten(), 0).view_as(ids) == 1)  # at least one
    kind = torch.rand(ids.shape, device=ids.device)
    others = torch.randint(body.config.vocab_size, ids.shape, device=ids.device)
    given = torch.where(asked & (kind < _MASKED), encoder.mask, ids)
    given = torch.where(asked & (kind >= _MASKED) & (kind < _MASKED + _RANDOM), others, given)
    states = body(input_ids=given, attention_mask=(ids != encoder.pad).long()).last_hidden_state
    logits = head(states[asked], body.get_input_embeddings().weight)
    return nn.functional.cross_entropy(logits, ids[asked])
