"""The training loop: one for pre-training, fine-tuning, from scratch, joint fine-tuning, paper-mode probes.

Every random draw is named by the run's seed and the step: start weights, data, recipe and seed decide a run,
which can be taken up at any step. Methods of one seed see the same target batches, equally augmented.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from whypretrain.config.recipe import Recipe
from whypretrain.models import memory_format
from whypretrain.runtime.files import leads
from whypretrain.runtime.memory import Batch, Halving, parted, parts_within
from whypretrain.runtime.precision import Precision, precision
from whypretrain.runtime.progress import progress
from whypretrain.runtime.seeds import seed_of
from whypretrain.training import parallel
from whypretrain.training.gate import safe_for_gradients, without_trace
from whypretrain.training.held import Pull, hold
from whypretrain.training.joint import consistency_losses, joint_losses, target_loss
from whypretrain.training.optimizers import optimizer
from whypretrain.training.running import RunningState
from whypretrain.training.samples import Samples
from whypretrain.training.schedule import checkpoint_steps, learning_rate_factor
from whypretrain.training.unlabelled import decoder_of, unlabelled_loss


@dataclass(frozen=True)
class TrainingResult:
    """What a training leaves besides the weights.

    Attributes:
        history: one row a step: step (from 1), learning_rate, loss, target_loss, source_loss (NaN if none).
        checkpoints: step -> weights after so many updates; see `checkpoint_steps`.
        images_seen: images that went through the backbone, target and source.
        precision: of the forward and backward passes: the recipe's, or float32 where that was not safe.
    """

    history: pd.DataFrame
    checkpoints: dict[int, dict[str, Tensor]]
    images_seen: int
    precision: Precision = "float32"


def fit(
    network: Any,
    target: Samples,
    recipe: Recipe,
    *,
    seed: int,
    source: tuple[Samples, nn.Linear | None] | None = None,
    checkpoint_file: str | Path | None = None,
    save_every: float = 30.0,
) -> TrainingResult:
    """`train` on samples that are on the device already; `network` is a module with `features` and `head`.

    Source samples come with a head of their own, or with None for the consistency loss of the target's.
    """
    network.train().to(memory_format=torch.channels_last)  # convolutions are a tenth faster so
    held = hold(network, recipe.frozen_blocks)
    run = _Run(network, target, recipe, seed, source)
    running = RunningState(checkpoint_file, run.identity(), every=save_every)
    with torch.random.fork_rng(devices=[]), running:
        run.restore(running.load(target.device))
        if run.step == 0:
            run.settle_precision()
        for _ in progress(range(run.step, recipe.steps), "training", total=recipe.steps - run.step):
            run.update()
            if parallel.any_of(running.due()):
                running.save(run.state())
    parallel.take_buffers_of_first(network)
    held.requires_grad_(True)
    network.eval().to(memory_format=memory_format(network))
    running.remove()
    return run.result()


class _Run:
    """A training under way: what changes from step to step, and how it is kept."""

    def __init__(
        self, network: Any, target: Samples, recipe: Recipe, seed: int, source: tuple[Samples, nn.Linear | None] | None
    ) -> None:
        self.network, self.target, self.recipe, self.seed = network, target, recipe, seed
        self.source: Samples | None = source[0] if source else None
        self.source_head: nn.Linear | None = source[1] if source else None
        self.decoder = decoder_of(network, recipe.task, seed=seed)
        second = self.decoder if self.source_head is None else self.source_head
        self.modules = nn.ModuleList([network] if second is None else [network, second])
        self.optimizer = optimizer(network, second, recipe)
        self.pull = Pull(network, recipe.pull)
        self.kept = set(checkpoint_steps(recipe.steps, recipe.checkpoints, recipe.checkpoint_spacing))
        self.step, self.losses = 0, torch.full((recipe.steps, 2), torch.nan, device=target.device)
        self.rows = [target.batch_size]  # of the batches of a step; a source without labels has two views
        if self.source is not None:
            self.rows += [self.source.batch_size] * (1 if self.source_head is not None else 2)
        self.halves_as = parallel.refuse if parallel.share_statistics(network) else parallel.any_of
        here = [-(-size // parallel.size()) for size in self.rows]
        self.halving = Halving(parts_within(recipe.micro_batch, here), self.halves_as)
        self.precision: Precision = "float32"
        self.checkpoints: dict[int, dict[str, Tensor]] = {}
        self._keep()

    def update(self) -> None:
        """One optimiser step."""
        self._set_learning_rates()
        losses = self._computed(self._batches())
        self.losses[self.step, : len(losses)] = losses
        self.pull()
        if self.recipe.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.modules.parameters(), self.recipe.clip_norm)
        self.optimizer.step()
        self.step += 1
        self._keep()

    def settle_precision(self) -> None:
        """Take the recipe's precision where the first step's gradients allow it."""
        batches = self._batches()

        def gradients(dtype: Precision) -> list[Tensor]:
            self.precision = dtype
            self._computed(batches)
            groups = [[one.grad for one in group["params"]] for group in self.optimizer.param_groups]
            return [torch.cat([one.flatten() for one in group if one is not None]) for group in groups]

        with without_trace(self.modules):
            self.precision = safe_for_gradients(cast(Precision, self.recipe.precision), gradients)

    def _computed(self, batches: list[Batch]) -> Tensor:
        """Leave the gradients of the step's loss, in as many parts as memory asks for; its terms."""
        losses = self.halving(partial(self._gradients, batches), min(self.rows) // parallel.size())
        gradients = [one.grad for one in self.modules.parameters() if one.grad is not None]
        parallel.add_up([losses, *gradients])
        return losses

    def _gradients(self, batches: list[Batch], parts: int) -> Tensor:
        """Leave the gradients of the step's loss, added up over parts of the batches; its terms."""
        process = [parallel.rank()] if parallel.rank() else []  # each drops other units
        torch.manual_seed(seed_of(self.seed, "dropout", self.step, *process))
        self.optimizer.zero_grad(set_to_none=True)
        found, whole = [], [self.target.share, *([] if self.source is None else [self.source.share])]
        for part in parted(parts, *batches):
            with precision(self.precision, self.target.device):
                terms = self._losses([one for one, _ in part])
                shares = [share * here for (_, share), here in zip(part, whole, strict=True)]
                losses = [loss * share for loss, share in zip(terms, shares, strict=True)]
                loss = losses[0] if len(losses) == 1 else losses[0] + self.recipe.source_weight * losses[1]
                with torch.autocast(self.target.device.type, enabled=False):  # its own types for the way back
                    loss.backward()
            found.append(torch.stack(losses).detach())
        return torch.stack(found).sum(0)

    def _batches(self) -> list[Batch]:
        """Images and labels of the step; of a source, images and labels, or two views where it has no labels."""
        batches: list[Batch] = [self.target.batch(self.step)]
        if self.source is not None:
            labelled = self.source_head is not None
            batches.append(self.source.batch(self.step) if labelled else self.source.views(self.step))
        return batches

    def _losses(self, batches: list[Batch]) -> tuple[Tensor, ...]:
        """Loss of the target, and of the source if there is one."""
        (images, labels), recipe = batches[0], self.recipe
        smoothing = recipe.label_smoothing
        if self.decoder is not None:
            return (unlabelled_loss(self.network, self.decoder, images),)
        if self.source is None:
            return (target_loss(self.network, (images, labels), label_smoothing=smoothing),)
        first, second = batches[1]
        if self.source_head is None:
            return consistency_losses(
                self.network,
                (images, labels),
                (first, second),
                threshold=recipe.consistency_threshold,
                temperature=recipe.consistency_temperature,
                label_smoothing=smoothing,
            )
        return joint_losses(
            self.network, self.source_head, (images, labels), (first, second), label_smoothing=smoothing
        )

    def identity(self) -> str:
        """Digest of all that decides the run: recipe, seed, data and start weights."""
        digest = hashlib.sha256(json.dumps([self.recipe.as_config(), self.seed]).encode())
        for samples in (self.target, self.source):
            if samples is not None:
                digest.update(samples.digest().encode())
        for tensor in self.modules.state_dict().values():
            digest.update(tensor.cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def state(self) -> dict[str, Any]:
        """Tensors and plain values that `restore` takes up."""
        kept = {name: getattr(self, name) for name in ("step", "losses", "checkpoints", "precision")}
        kept["parts"] = self.halving.parts
        return {**kept, "modules": self.modules.state_dict(), "optimizer": self.optimizer.state_dict()}

    def restore(self, state: dict[str, Any] | None) -> None:
        """Resume from a saved state; None: from the start."""
        if state is None:
            return
        self.step, self.losses, self.checkpoints = state["step"], state["losses"], state["checkpoints"]
        self.halving, self.precision = Halving(state["parts"], self.halves_as), state["precision"]
        self.modules.load_state_dict(state["modules"])
        self.optimizer.load_state_dict(state["optimizer"])

    def result(self) -> TrainingResult:
        """The history and the checkpoints, on the CPU."""
        recipe = self.recipe
        losses = self.losses.cpu().numpy()
        weight = recipe.source_weight if self.source is not None else 0.0
        factors = np.array([learning_rate_factor(recipe, step) for step in range(recipe.steps)])
        history = pd.DataFrame(
            {"step": np.arange(1, recipe.steps + 1), "learning_rate": recipe.learning_rate * factors}
        )
        history["loss"] = losses[:, 0] + (np.float32(weight) * losses[:, 1] if weight else 0)
        history["target_loss"], history["source_loss"] = losses.T
        return TrainingResult(history, self.checkpoints, recipe.steps * sum(self.rows), self.precision)

    def _set_learning_rates(self) -> None:
        factor = learning_rate_factor(self.recipe, self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * factor

    def _keep(self) -> None:
        if self.step in self.kept and leads():
            state = self.network.state_dict()
            self.checkpoints[self.step] = {
                name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
                for name, tensor in state.items()
            }
