"""What each job of an experiment costs: operations, bytes written, memory at the peak, counted and not run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from whypretrain.config.encoders import is_text
from whypretrain.config.grid import data_sets
from whypretrain.config.recipe import Recipe
from whypretrain.data.sizes import Size, expected_size
from whypretrain.models import Architecture
from whypretrain.models.batches import MOST, MOST_INVERTED
from whypretrain.models.cost import Cost, cost
from whypretrain.models.tokenizers import planned_encoder
from whypretrain.runtime.shards import Shard

_FLOAT = 4  # bytes
_TRAINED = 4 * _FLOAT  # bytes a weight in training: itself, its gradient and two moments
_SENTENCE = 150  # bytes of a sentence of 32 tokens
_PIECE = 64 << 20  # bytes of pictures that are decoded at once


@dataclass(frozen=True)
class Need:
    """Floating-point operations, bytes written, and bytes of memory at the peak."""

    flops: float = 0.0
    disk: float = 0.0
    memory: float = 0.0


class Planned:
    """The costs of an experiment's jobs, rule by rule."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.size: Callable[[str], Size] = cache(lambda name: expected_size(config["datasets"][name], name=name))
        self.cost: Callable[[str], Cost] = cache(self._cost)

    def need(self, job: dict[str, Any]) -> Need:
        """What one job needs; nothing for the rules that write tables, figures and the report."""
        rule = "train" if job["rule"].startswith("train_") else job["rule"]
        count = getattr(self, f"_{rule}", None)
        return count(job["wildcards"], job) if count else Need()

    def _cost(self, name: str) -> Cost:
        image = {key: self.config["image"][key] for key in ("size", "channels")}
        classes = max(2, self.size(data_sets(self.config["grid"])[0]).classes)
        if is_text(self.config):
            return cost(planned_encoder(self.config["models"][name]), classes)
        given = {**image, **self.config["models"][name]["architecture"]}
        return cost(Architecture.from_dict(given), classes)

    def _image(self, values: int = 1) -> int:
        image = self.config["image"]
        if is_text(self.config):
            return values * _SENTENCE
        return values * image["channels"] * image["size"] ** 2

    def _make_data(self, wildcards: dict[str, str], job: dict[str, Any]) -> Need:
        images = sum(self.size(wildcards["dataset"])[:2])
        return Need(disk=self._image(images), memory=2 * _PIECE)

    def _pretrain_model(self, wildcards: dict[str, str], job: dict[str, Any]) -> Need:
        name, one = wildcards["architecture"], self.cost(wildcards["architecture"])
        weights = one.parameters * _FLOAT
        if self.config["models"][name].get("checkpoint"):
            return Need(disk=weights, memory=2 * weights)
        recipe = Recipe.from_config({**self.config["pretrain"]})
        return self._trained(one, recipe, self.size(self.config["grid"]["source"]).train)

    def _trained(self, one: Cost, recipe: Recipe, images: int) -> Need:
        """One training; with a source its images go through the network, too."""
        lasting = recipe.lasting(images)
        views = 2 if recipe.source_loss == "consistency" else 1
        batch = recipe.batch_size * (1 + (views * recipe.source_ratio if recipe.source else 0))
        here = batch / max(1, self.config["train"].get("gpus", 1))
        at_once = min(here, recipe.micro_batch or here)
        runs = 1 + len(recipe.trials()) * recipe.tune_folds
        return Need(
            flops=runs * lasting.steps * batch * one.training,
            disk=one.parameters * _FLOAT * (1 + recipe.checkpoints),
            memory=one.parameters * (_TRAINED + _FLOAT * recipe.checkpoints) + at_once * one.kept,
        )

    def _train(self, wildcards: dict[str, str], job: dict[str, Any]) -> Need:
        one, images = self.cost(wildcards["architecture"]), self.size(wildcards["target"]).train
        recipes = json.loads(job["params"]["config"])["recipes"].values()
        needs = [self._trained(one, Recipe.from_config(recipe), images) for recipe in recipes]
        return together(needs)

    def _extract_features(self, wildcards: dict[str, str], job: dict[str, Any]) -> Need:
        """Features lie on disk twice while they are written; with shards they are gathered alone."""
        grid, one = self.config["grid"], self.cost(wildcards["architecture"])
        images = sum(sum(self.size(name)[:2]) for name in data_sets(grid))
        flops = 0.0 if _gathers(job) else images * one.forward
        batch = (self.config["features"]["batch_size"] or MOST) * one.passing
        return Need(flops, images * one.features * _FLOAT, one.parameters * _FLOAT + batch)

    def _extract_shard(self, wildcards: dict[str, str], job: dict[str, Any]) -> Need:
        return _share(self._extract_features(wildcards, job), wildcards)

    def _fit_probe(self, wildcards: dict[str, str], job: dict[str, Any]) -> Need:
        return Need(disk=self.cost(wildcards["architecture"]).parameters * _FLOAT)

    def _fit_controls(self, wildcards: dict[str, str], job: dict[str, Any]) -> Need:
        """Features of the training images; a recipe is that of a sham fine-tuning on the source."""
        given, one = json.loads(job["params"]["config"]), self.cost(wildcards["architecture"])
        images = self.size(wildcards["target"]).train
        needs = [Need(images * one.forward, one.parameters * _FLOAT, one.parameters * _FLOAT)]
        if given["recipe"]:
            needs.append(self._trained(one, Recipe.from_config(given["recipe"]), images))
        return together(needs)

    def _score_coalitions(self, wildcards: dict[str, str], job: dict[str, Any]) -> Need:
        score, one = json.loads(job["params"]["config"]), self.cost(wildcards["architecture"])
        samples = min(score["samples"], self.size(wildcards["target"]).test)
        networks = len(job["params"]["models"].split()) + len(score["controls"])
        followed = sum(self.checkpoints(method) for method in score["dynamics"])
        rows = networks * samples + followed * min(score["checkpoint_samples"], samples)
        masks = rows * (score["number"] if score["coalitions"] == "sampled" else 2 ** score["players"])
        if _gathers(job):
            return Need(disk=masks * _FLOAT, memory=2 * masks * _FLOAT)
        batch = (score["batch_size"] or MOST) * one.passing
        held = networks + max(map(self.checkpoints, score["dynamics"]), default=0)  # of one method at a time
        return Need(masks * one.forward, masks * _FLOAT, held * one.parameters * _FLOAT + batch)

    def _score_shard(self, wildcards: dict[str, str], job: dict[str, Any]) -> Need:
        return _share(self._score_coalitions(wildcards, job), wildcards)

    _score_variant = _score_coalitions

    def _measure_invariances(self, wildcards: dict[str, str], job: dict[str, Any]) -> Need:
        given, one = json.loads(job["params"]["config"]), self.cost(wildcards["architecture"])
        layers, tuned = len(one.upto), len(job["params"]["models"].split())
        starts = job["params"].get("starts", "").count("=")
        networks = 1 + tuned + len(given.get("own_start", [])) + starts
        inverting = networks * given["steps"] * 2 * sum(one.upto)  # forward, and backward to the image
        pairs = tuned + len(given.get("own_start", []))
        testing = (4 * pairs + sum(map(self.checkpoints, given.get("dynamics", [])))) * layers * one.forward
        images = given["images"] * given.get("repeats", 1)
        held = networks * (layers + 1) * given["images"] * self._image(_FLOAT)
        return Need(images * (inverting + testing), 0, held + (given["batch_size"] or MOST_INVERTED) * one.kept)

    def _measure_layers(self, wildcards: dict[str, str], job: dict[str, Any]) -> Need:
        given, one = json.loads(job["params"]["config"]), self.cost(wildcards["architecture"])
        networks = 1 + len(job["params"]["models"].split())
        return Need(given["images"] * networks * one.forward, 0, networks * one.parameters * _FLOAT)

    def _measure_robustness(self, wildcards: dict[str, str], job: dict[str, Any]) -> Need:
        given, one = json.loads(job["params"]["config"]), self.cost(wildcards["architecture"])
        followed = sum(map(self.checkpoints, self.config["invariances"].get("dynamics", [])))
        kinds = 1 if job["params"].get("corrupted") else len(given["corruptions"])
        images = 5 * kinds * given["accuracy_images"] * followed
        return Need(images * one.forward, 0, 2 * given["accuracy_images"] * self._image(8))

    def checkpoints(self, method: str) -> int:
        """How many checkpoints a method keeps."""
        train = self.config["train"]
        return {**train["common"], **train["methods"][method]}.get("checkpoints", 0)


def _gathers(job: dict[str, Any]) -> bool:
    """Whether a job puts together what shards have made."""
    return "--shards" in job["params"].get("part", "")


def _share(need: Need, wildcards: dict[str, str]) -> Need:
    """Of one shard: its files go once they are gathered, its memory is that of the whole."""
    return Need(need.flops / Shard.parse(wildcards["scatteritem"]).of, 0, need.memory)


def together(needs: Iterable[Need]) -> Need:
    """Of parts that one process does in turn, or of jobs: what they need together."""
    needs = list(needs)
    return Need(
        sum(need.flops for need in needs),
        sum(need.disk for need in needs),
        max((need.memory for need in needs), default=0.0),
    )
