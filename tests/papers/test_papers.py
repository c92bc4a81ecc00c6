"""Each paper's config builds its whole graph without its data, is priced, and runs in miniature."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from whypretrain.data.published.miniature import write_miniatures

ROOT = Path(__file__).parents[2]
TARGETS = {"uot": "joint", "interactions": "all", "invariances": "all"}
# What the miniature is cut down to.
FEWER = {
    "uot": {"targets": ["cub200", "caltech101"]},
    "interactions": {"targets": ["cub200"], "architectures": ["vit_small"]},
    "invariances": {"targets": ["cifar10", "cifar100"], "architectures": ["vit_b32"]},
}
METHODS = {"uot": "joint_uot", "interactions": "scratch_long", "invariances": "neighbour"}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the workflow, with miniature copies of the data next to it."""
    folder = tmp_path_factory.mktemp("papers")
    for name in ("config", "workflow", "profiles", "envs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Snakefile", "pyproject.toml"):
        shutil.copy2(ROOT / name, folder / name)
    write_miniatures(folder / "data/miniature")
    return folder


def snakemake(folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(folder / "workflow")}
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, (run.stdout + run.stderr)[-6000:]
    return run.stdout + run.stderr


@pytest.mark.slow
@pytest.mark.parametrize("paper", TARGETS)
def test_the_graph_is_built_in_half_a_minute(checkout, paper):
    start = os.times().children_user
    profile = f"profiles/papers/{paper}.yaml"
    options = ["-n", "--quiet", "rules", "--configfile", f"config/papers/{paper}.yaml", "--profile", profile]
    log = snakemake(checkout, TARGETS[paper], *options)
    counted = {rule: int(number) for rule, number in re.findall(r"^(\w+) +(\d+)$", log, re.MULTILINE)}
    assert yaml.safe_load((checkout / profile).read_text())["set-resources"].keys() <= counted.keys()
    assert counted["make_data"] >= 4
    assert counted["total"] > 80
    assert os.times().children_user - start < 30


@pytest.mark.slow
@pytest.mark.parametrize("paper", TARGETS)
def test_the_graph_on_miniatures_is_built_in_half_a_minute(checkout, paper):
    start = os.times().children_user
    files = [f"config/papers/{name}.yaml" for name in (paper, "miniature")]
    log = snakemake(checkout, TARGETS[paper], "-n", "--quiet", "rules", "--configfile", *files)
    assert re.search(r"^make_data +\d+$", log, re.MULTILINE)
    assert os.times().children_user - start < 30


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("paper", TARGETS)
def test_the_plan_is_the_price_that_the_header_tells(checkout, paper):
    file = f"config/papers/{paper}.yaml"
    log = snakemake(checkout, "plan", "--configfile", file)
    hours = float(re.search(r"^together +\d+ +[\d.]+ +([\d.]+)", log, re.MULTILINE)[1])
    told = float(re.search(r"about ([\d.]+) GPU hours", (checkout / file).read_text())[1])
    assert told == pytest.approx(hours, rel=0.1)
    assert "data/imagenet" in log
    assert not (checkout / f"results/paper_{paper}/data").exists()


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("paper", TARGETS)
def test_the_graph_runs_in_miniature(checkout, paper):
    (checkout / "fewer.yaml").write_text(yaml.safe_dump({"grid": FEWER[paper]}))
    files = [*(f"config/papers/{name}.yaml" for name in (paper, "miniature")), "fewer.yaml"]
    snakemake(checkout, TARGETS[paper], "--configfile", *files, "--config", f"experiment={paper}_miniature")
    results = checkout / f"results/{paper}_miniature"
    runs = pd.read_csv(results / "train/runs.csv")
    assert set(FEWER[paper]["targets"]) <= set(runs["target"])
    assert (results / "train" / runs["target"][0] / runs["architecture"][0] / METHODS[paper]).is_dir()
    claims = results / ("joint/claims.csv" if paper == "uot" else "claims.csv")
    assert len(pd.read_csv(claims)) > 0


@pytest.mark.slow
@pytest.mark.long
def test_the_language_models_run_in_miniature(checkout):
    files = [f"config/papers/{name}.yaml" for name in ("interactions_text", "miniature_text")]
    snakemake(checkout, "all", "--configfile", *files, "--config", "experiment=text_miniature")
    results = checkout / "results/text_miniature"
    assert set(pd.read_csv(results / "train/runs.csv")["architecture"]) == {"bert_base", "distilbert"}
    claims = pd.read_csv(results / "claims.csv").set_index("id")["verdict"]
    assert claims["int-language"] != "not run"
