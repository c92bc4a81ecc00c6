"""Interactions: what is scored, and what is made of the scores (arXiv:2410.08455)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from whypretrain.config.parts import REINITIALISED, REINITIALISED_PROBE
from whypretrain.config.section import Changes, Count, Name, Names, Natural, Place, Section, Several, Share, distinct

MOST_PLAYERS = 16  # whose coalitions are all scored
Pair = Annotated[tuple[Name, ...], Several, Field(min_length=2, max_length=2), AfterValidator(distinct)]
Control = Literal["reinitialised", "reinitialised_probe", "sham"]
Controls = Annotated[tuple[Control, ...], Several, AfterValidator(distinct)]


class Scoring(Section):
    """Masked scores of all models, the costly part."""

    moved: ClassVar[Mapping[str, str]] = {"reinitialised": "name it in the list controls now"}

    players: Count = 10
    """n, players of an image or sentence, at most 16 where all their coalitions are scored; of a text, where they are
    sampled, all words up to so many"""
    coalitions: Literal["all", "sampled"] = "all"
    """all 2^n, or random ones of any number of players, for agreement at degrees 1 to 3"""
    number: Annotated[int, Field(ge=10)] = 1000
    """random coalitions, the same for all images and models, where they are sampled"""
    grid: Count = 4
    """cells a side; a player is a cell"""
    margin: Natural = 0
    """rows and columns of cells at the border that are never players"""
    player_file: Annotated[str | None, Place()] = None
    """masks of one's own (parts, superpixels), .npz or .json, in place of the grid"""
    samples: Count = 16
    """test images, a seeded stratified draw"""
    level: Literal["input", "feature"] = "input"
    """what an absent player hides: pixels, or features behind each model's stem"""
    baseline: Literal["mean", "zero", "dataset", "blur", "mask", "pad", "embedding"] = "mean"
    """baseline value: mean of the channel, black, pixel mean of the data set, or the blurred image (not of features);
    of text the [MASK] token, padding that nothing attends to, or the mean word embedding of the training sentences"""
    background: Literal["visible", "masked"] = "visible"
    """pixels of no player"""
    batch_size: Count | None = None
    """masked images a forward pass; null: from the network and the size of its images (`models.forward_batch`)"""
    dtype: Literal["float32", "tf32", "bfloat16"] = "float32"
    """precision of the forward pass; float32 is used where this one would move salient effects"""
    dynamics: Names | None = None
    """methods scored along their training; null: those of the roles finetune and scratch that keep checkpoints"""
    checkpoint_samples: Natural = 4
    """images scored at each checkpoint"""
    controls: Controls = (REINITIALISED, REINITIALISED_PROBE)
    """also scored: untrained weights; the same backbone with a trained linear probe; sham, the recipe of the role
    finetune on the source, then a linear probe"""

    @model_validator(mode="after")
    def _fits_coalitions(self) -> Self:
        if self.coalitions == "all" and self.players > MOST_PLAYERS:
            raise ValueError(
                f"{self.players} players have 2^{self.players} coalitions; give at most {MOST_PLAYERS}, or coalitions: "
                "sampled"
            )
        if self.coalitions == "sampled" and self.dtype != "float32":
            raise ValueError(f"dtype {self.dtype} is checked on all coalitions; use float32 where they are sampled")
        return self


class Score(Scoring):
    """The scores that all tables are about."""

    shards: Count = 1
    """jobs that share the images of a run; the result does not depend on it"""


class Variant(Scoring, Changes):
    """The same scored with other settings, for the sensitivity table: only what differs."""


class Analysis(Section):
    """Effects from the scores; runs in seconds."""

    moved: ClassVar[Mapping[str, str]] = {
        "reference": "it is roles.reference now",
        "finetune": "it is roles.finetune now",
        "scratch": "it is roles.scratch now",
    }

    kind: Literal["and", "and_or"] = "and"
    """effects that count as knowledge: AND alone, or the sparsest AND-OR split that all models of an image share"""
    rule: Literal["effect", "set", "count"] = "effect"
    """what of an effect two models share: the smaller strength; all of it where both have it with one sign; or one"""
    threshold: Share = 0.05
    """salient effects are larger than this fraction of the model's largest"""
    thresholds: Annotated[tuple[Share, ...], Several] = (0.0, 0.01, 0.03, 0.05, 0.1)
    """of the sensitivity table"""
    references: Names = ()
    """further methods that stand for the pre-trained model, for the sensitivity table"""
    players: Annotated[tuple[Count, ...], Several] = ()
    """smaller numbers of players for the sensitivity table"""
    pairs: Annotated[tuple[Pair, ...], Several] = ()
    """further pairs of methods for the table of controls"""
    permutations: Count = 20
    """of a model's effects among subsets of equal size, for the chance level of every share"""
    top: Count = 3
    """strongest effects of an image that are listed"""


class Interactions(Section):
    """What a model knows, as interactions between image parts."""

    score: Score = Score()
    """masked scores of all models"""
    variants: Mapping[Name, Variant] = {}
    """the same scored with other settings, by name"""
    analysis: Analysis = Analysis()
    """effects from the scores"""
