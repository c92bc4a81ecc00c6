"""The stage of invariances, run on small models with checkpoints."""

from __future__ import annotations

import json

import safetensors.torch

from whypretrain import data, models
from whypretrain.stages import invariances as stage

CONFIG = {"images": 12, "steps": 4, "step_size": 0.5, "decay": True, "batch_size": 64, "pictures": 2, "seed": 0}


def run(root, out, *, tuned=("finetune=tuned",), starts=(), seed="0", **config):
    named, begun = ([pair.replace("=", f"={root}/") for pair in pairs] for pairs in (tuned, starts))
    options = {
        "--config": json.dumps({**CONFIG, **config}),
        "--data": root / "data",
        "--target": "digits",
        "--architecture": "resnet",
        "--seed": seed,
        "--pretrained": root / "pre",
        "--out": root / out,
    }
    command = [str(word) for pair in options.items() for word in pair] + ["--models", *named]
    stage.main(command + (["--starts", *begun] if begun else []))
    return root / out


def checkpointed(folders, name, seeds):
    """A run whose checkpoint of step k has the weights of the k-th seed; its model is the last one."""
    pre = models.load(folders / "pre")
    classes = data.load(folders / "data").classes
    made = [models.build(pre.architecture, classes, seed=seed) for seed in seeds]
    made[0].backbone.load_state_dict(pre.backbone.state_dict())
    models.save(made[-1], folders / name, {})
    states = {f"{k}/{key}": value for k, model in enumerate(made) for key, value in model.state_dict().items()}
    safetensors.torch.save_file(states, folders / name / "checkpoints.safetensors")
