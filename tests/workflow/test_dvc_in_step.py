"""dvc.yaml and the Snakemake graph must tell the same story."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from whypretrain.provenance import card_of

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "config/default.yaml").read_text())
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
OUTS = {out: stage for stage, section in STAGES.items() for item in section["outs"] for out in item}
FEW = {"grid": {"seeds": [0]}}  # one seed has all kinds of jobs

# Keys that no other value can take by themselves, and one that `snakemake pilot` alone reads, which is no stage.
FIXED = {"experiment", "grid.source", "train.methods.probe.start", "invariances.pilot_images"} | {
    f"datasets.{name}.kind" for name in CONFIG["datasets"]
}
# Another value that the config's checks admit, where half, one more or a shorter list is not.
OTHERS = {
    "grid.seeds": [0, 1],
    "image.size": 32,
    "image.channels": 3,
    "datasets.letters.scripts": ["armenian"],
    "datasets.letters.fonts": ["DejaVu Sans"],
    "models.vit.checkpoint": "timm:other",
    "models.resnet.checkpoint": "timm:other",
    "select.rules": CONFIG["select"]["rules"][::-1],
    "train.methods.probe.mode": "paper",
    "interactions.score.grid": 8,
    "interactions.score.player_file": "players.json",
    "interactions.analysis.references": ["scratch"],
    "interactions.analysis.players": [8],
    "interactions.analysis.pairs": [["probe", "scratch"]],
}
WORDS = {  # where only some words are admitted
    "small": "standard",
    "adamw": "sgd",
    "one_cycle": "cosine",
    "pretrained": "random",
    "random": "pretrained",
    "uot": "vote",
    "mean": "zero",
    "input": "feature",
    "and": "and_or",
    "effect": "set",
    "visible": "masked",
    "float32": "bfloat16",
    "probe": "scratch",
    "finetune": "scratch",
    "scratch": "finetune",
    "two": "one",
    "biased": "unbiased",
}


def leaves(section, prefix=""):
    for key, value in section.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        elif f"{prefix}{key}" not in FIXED:
            yield f"{prefix}{key}", value


LEAVES = dict(leaves(CONFIG))


def other(key, value):
    """A value of the same kind that differs."""
    if key in OTHERS:
        return OTHERS[key]
    if key.endswith(".source"):
        return "vote"
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return WORDS.get(value, f"other-{value}")
    if isinstance(value, list):
        return value[:-1]
    return value + 1 if isinstance(value, int) else value / 2


def change(key, value):
    """A config file's content that sets one key; where an image part must fit, fewer players do."""
    content = json.loads(json.dumps(FEW))
    *path, last = key.split(".")
    section = content
    for name in path:
        section = section.setdefault(name, {})
    section[last] = value
    if key == "interactions.score.margin":
        section["players"] = 4
    return content


def graphs(files):
    """The jobs of each config file: half of the files in each of two processes, one a core."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    command = [sys.executable, "workflow/tools/jobs.py"]
    halves = [files[::2], files[1::2]]
    runs = [
        subprocess.Popen([*command, *half], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for half in halves
    ]
    found = {}
    for half, run in zip(halves, runs, strict=True):
        printed = run.communicate()[0]
        assert run.returncode == 0
        found |= dict(zip(half, json.loads(printed), strict=True))
    return found


@pytest.fixture(scope="module")
def all_jobs(tmp_path_factory):
    """Key -> jobs after a change of this key; None -> jobs without a change."""
    folder = tmp_path_factory.mktemp("configs")
    contents = {None: FEW, **{key: change(key, other(key, value)) for key, value in LEAVES.items()}}
    for key, content in contents.items():
        (folder / f"{key}.yaml").write_text(yaml.safe_dump(content))
    found = graphs([str(folder / f"{key}.yaml") for key in contents])
    return {key: [job for job in found[str(folder / f"{key}.yaml")] if job["output"]] for key in contents}


@pytest.fixture(scope="module")
def jobs(all_jobs):
    return all_jobs[None]


def covers(place, path):
    return path == place or path.startswith(place + "/")


def out_of(path):
    return next((out for out in OUTS if covers(out, path)), None)


def test_every_output_has_a_stage_and_every_stage_an_output(jobs):
    made = {out_of(output) for job in jobs for output in job["output"]}
    records = {str(card_of(out)) for out in made if Path(out).suffix}  # those of a folder's files lie in it
    assert made | records == set(OUTS)


@pytest.mark.parametrize("stage", STAGES)
def test_dependencies(jobs, stage):
    needed = set()
    for job in jobs:
        if OUTS[out_of(job["output"][0])] == stage:
            needed |= {job["file"], *job["input"]}
    needed = {path for path in needed if OUTS.get(out_of(path)) != stage}
    named = STAGES[stage]["deps"]
    assert [path for path in sorted(needed) if not any(covers(place, path) for place in named)] == []
    assert [place for place in named if not any(covers(place, path) for path in needed)] == []


@pytest.mark.parametrize("stage", STAGES)
def test_command_makes_the_stage(stage):
    assert STAGES[stage]["cmd"] == f"snakemake --cores all {stage}"


def fingerprint(jobs):
    """What decides each stage's work: parameters, and inputs that no other stage makes, per output."""
    found = {}
    for job in jobs:
        own = (job["params"], [path for path in job["input"] if out_of(path) is None])
        for output in job["output"]:
            found.setdefault(OUTS[out_of(output)], {})[output] = own
    return found


def reads(stage, key):
    """Whether a stage names a key, or a section that holds it, in dvc.yaml; no keys at all mean the whole file."""
    named = STAGES[stage]["params"][0]["config/default.yaml"]
    return named is None or any(covers(name.replace(".", "/"), key.replace(".", "/")) for name in named)


@pytest.mark.parametrize("key", LEAVES)
def test_a_parameter_touches_the_same_stages(all_jobs, key):
    before, after = fingerprint(all_jobs[None]), fingerprint(all_jobs[key])
    snakemake = {stage for stage in STAGES if before.get(stage) != after.get(stage)}
    assert snakemake == {stage for stage in STAGES if reads(stage, key)}
