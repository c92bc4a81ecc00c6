"""dvc.yaml and the Snakemake graph must tell the same story."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / "config/default.yaml").read_text())
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
OUTS = {out: stage for stage, section in STAGES.items() for item in section["outs"] for out in item}
# Imported by every stage; DVC would name all of them in each stage, so they count as part of the interpreter.
SHARED = ("workflow/whypretrain/stages/_run.py", "workflow/whypretrain/stages/__init__.py")


def graph(*configfiles):
    """All jobs, listed in a fresh interpreter."""
    command = [sys.executable, "workflow/tools/jobs.py", *map(str, configfiles)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return [job for job in json.loads(run.stdout[run.stdout.index("[\n") :]) if job["output"]]


def covers(place, path):
    return path == place or path.startswith(place + "/")


def out_of(path):
    return next((out for out in OUTS if covers(out, path)), None)


def is_shared(path):
    """Base modules: files directly below the package, and what all stages share."""
    return path in SHARED or Path(path).parent == Path("workflow/whypretrain")


@pytest.fixture(scope="module")
def jobs():
    return graph()


def test_every_output_has_a_stage_and_every_stage_an_output(jobs):
    assert {out_of(output) for job in jobs for output in job["output"]} == set(OUTS)


@pytest.mark.parametrize("stage", STAGES)
def test_dependencies(jobs, stage):
    needed = set()
    for job in jobs:
        if OUTS[out_of(job["output"][0])] == stage:
            needed |= {job["file"], *job["input"]}
    needed = {path for path in needed if OUTS.get(out_of(path)) != stage and not is_shared(path)}
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


# One changed value per section that stages read; every value passes the config's checks.
CHANGES = {
    "seed": {"seed": 1},
    "image": {"image": {"size": 32}},
    "datasets": {"datasets": {CONFIG["grid"]["targets"][0]: {"train_size": 90}}},
    "models": {"models": {"vit": {"architecture": {"options": {"depth": 3}}}}},
    "pretrain": {"pretrain": {"steps": 7}},
    "features": {"features": {"batch_size": 7}},
    "select": {"select": {"classes": 7}},
    "train": {"train": {"common": {"batch_size": 7}}},
    "interactions": {"interactions": {"score": {"samples": 7}}},
    "invariances": {"invariances": {"images": 7}},
    "statistics": {"statistics": {"resamples": 7}},
    "grid.targets": {"grid": {"targets": CONFIG["grid"]["targets"][:1]}},
    "grid.architectures": {"grid": {"architectures": CONFIG["grid"]["architectures"][:1]}},
    "grid.methods": {"grid": {"methods": CONFIG["grid"]["methods"][:-1]}},
    "grid.seeds": {"grid": {"seeds": CONFIG["grid"]["seeds"][:-1]}},
}


def sections_of(stage):
    """Leaves or sections of the config that a stage names in dvc.yaml; None for the whole file."""
    return STAGES[stage]["params"][0]["config/default.yaml"]


@pytest.mark.parametrize("key", CHANGES)
def test_a_parameter_touches_the_same_stages(jobs, tmp_path, key):
    changed = tmp_path / "changed.yaml"
    changed.write_text(yaml.safe_dump(CHANGES[key]))
    before, after = fingerprint(jobs), fingerprint(graph(changed))
    snakemake = {stage for stage in STAGES if before.get(stage) != after.get(stage)}
    dvc = {
        stage
        for stage in STAGES
        if sections_of(stage) is None or any(key == name or covers(name.replace(".", "/"), key.replace(".", "/")) for name in sections_of(stage))
    }
    assert snakemake == dvc
