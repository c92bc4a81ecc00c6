"""The plan's operations by hand, from jobs as Snakemake describes them."""

import importlib.util
import json
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from whypretrain.claims.tables import COLUMNS
from whypretrain.config import check
from whypretrain.models import Architecture
from whypretrain.models.cost import cost

ROOT = Path(__file__).parents[2]
MODEL = {"name": "vit_tiny_patch16_224", "options": {"patch_size": 4, "embed_dim": 12, "depth": 2, "num_heads": 2}}
CONFIG = {
    "experiment": "planned",
    "grid": {"source": "far", "targets": ["near"], "architectures": ["small"], "ranked_for": []},
    "image": {"size": 16, "channels": 1},
    "datasets": {
        "far": {"kind": "cub200", "root": "nowhere"},
        "near": {"kind": "digits", "train_size": 100, "test_size": 50},
    },
    "models": {"small": {"architecture": MODEL}},
    "pretrain": {"steps": 7, "batch_size": 3},
    "train": {"common": {"checkpoints": 0}, "methods": {"finetune": {"checkpoints": 5}}},
    "invariances": {"dynamics": ["finetune"]},
    "features": {"batch_size": 8},
    "plan": {"flops": 1.0e9},
}
NO_FILES = {"input": [], "output": []}


@pytest.fixture(scope="module")
def plan():
    sys.path.insert(0, str(ROOT / "workflow/tools"))
    spec = importlib.util.spec_from_file_location("plan", ROOT / "workflow/tools/plan.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["plan"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["plan"]
    sys.path.remove(str(ROOT / "workflow/tools"))


@pytest.fixture(scope="module")
def one():
    return cost(Architecture.from_dict({**MODEL, "size": 16, "channels": 1}), 200)


def job(rule, config=None, models="", **wildcards):
    params = {"config": json.dumps(config or {}), "models": models}
    file = {"make_data": "data", "extract_features": "features", "pretrain_model": "pretrain"}.get(rule, "train")
    wildcards = {"architecture": "small", "target": "near", **wildcards}
    return {"rule": rule, "file": f"workflow/rules/{file}.smk", "params": params, "wildcards": wildcards, **NO_FILES}


def test_data_and_features(plan, one):
    planned = plan.Planned(CONFIG)
    assert planned.need(job("make_data", dataset="far")).disk == (5994 + 5794) * 16 * 16
    images = 5994 + 5794 + 150
    found = planned.need(job("extract_features"))
    assert found.flops == images * one.forward
    assert found.disk == images * 12 * 4


def test_shards_cost_together_what_one_job_costs(plan, one):
    planned = plan.Planned(CONFIG)
    score = {"samples": 50, "players": 6, "coalitions": "all", "dynamics": [], "controls": [], "batch_size": 64}
    score["checkpoint_samples"] = 0
    for whole, shard, config in (("extract_features", "extract_shard", {}), ("score_coalitions", "score_shard", score)):
        gathering = job(whole, config, "a=1")
        gathering["params"]["part"] = "--shards 1-of-4.npz"
        alone = planned.need(job(whole, config, "a=1"))
        part = planned.need(job(shard, config, "a=1", scatteritem="2-of-4"))
        gather = planned.need(gathering)
        assert alone.flops == 4 * part.flops + gather.flops > 0
        assert (part.disk, gather.disk, gather.flops) == (0, alone.disk, 0)
        assert part.memory == alone.memory


def test_training(plan, one):
    planned = plan.Planned(CONFIG)
    assert planned.need(job("pretrain_model")).flops == 7 * 3 * one.training
    recipes = {
        "finetune": {"epochs": 10, "batch_size": 30, "checkpoints": 5},  # 3 whole batches an epoch
        "joint": {"steps": 4, "batch_size": 10, "source": "uot", "source_ratio": 2.0},
        "label_free": {"steps": 2, "batch_size": 10, "source": "uot", "source_loss": "consistency"},
        "tuned": {"steps": 5, "batch_size": 10, "tune": {"learning_rate": [0.1, 0.2]}, "tune_folds": 3},
    }
    found = planned.need(job("train_finetune", {"recipes": recipes}))
    images = 10 * 3 * 30 + 4 * 30 + 2 * 10 * 3 + 5 * 10 * (1 + 2 * 3)
    assert found.flops == pytest.approx(images * one.training)
    assert found.disk == 4 * one.parameters * (4 + 5)
    assert found.memory >= one.parameters * 16 + 30 * one.kept


def test_controls(plan, one):
    planned, recipe = plan.Planned(CONFIG), {"epochs": 2, "batch_size": 30}
    assert planned.need(job("fit_controls", {"recipe": None})).flops == 100 * one.forward
    found = planned.need(job("fit_controls", {"recipe": recipe}))
    assert found.flops == 100 * one.forward + 2 * 3 * 30 * one.training


def test_micro_batches_need_less_memory(plan, one):
    planned, recipe = plan.Planned(CONFIG), {"steps": 4, "batch_size": 40, "source": "uot"}
    whole, parts, more = [
        planned.need(job("train_finetune", {"recipes": {"a": {**recipe, "micro_batch": images}}}))
        for images in (None, 16, 500)
    ]
    assert whole.memory - parts.memory == (80 - 16) * one.kept
    assert (whole.flops, whole.memory) == (parts.flops, more.memory)


def test_gpus_share_the_batches_of_a_training(plan, one):
    several = {**CONFIG, "train": {**CONFIG["train"], "gpus": 4}}
    for micro_batch, most in ((None, 20), (16, 16), (64, 20)):
        recipe = {"steps": 4, "batch_size": 40, "source": "uot", "micro_batch": micro_batch}
        alone, shared = [
            plan.Planned(config).need(job("train_finetune", {"recipes": {"a": recipe}})) for config in (CONFIG, several)
        ]
        assert shared.flops == alone.flops
        assert alone.memory - shared.memory == (min(80, micro_batch or 80) - most) * one.kept
    lines = plan.table(several, [job("pretrain_model")]).splitlines()
    assert "A training takes 4 GPUs at a time" in lines[4]


def test_imported_checkpoints_cost_no_training(plan, one):
    config = {**CONFIG, "models": {"small": {"architecture": MODEL, "checkpoint": "file:x.pth"}}}
    found = plan.Planned(config).need(job("pretrain_model"))
    assert (found.flops, found.disk) == (0, 4 * one.parameters)


def test_scores_and_inversions(plan, one):
    planned = plan.Planned(CONFIG)
    score = {
        "samples": 80,
        "players": 6,
        "coalitions": "all",
        "checkpoint_samples": 8,
        "dynamics": ["finetune"],
        "controls": ["reinitialised"],
        "batch_size": 64,
    }
    found = planned.need(job("score_coalitions", score, "a=1 b=2"))
    assert found.flops == (3 * 50 + 5 * 8) * 2**6 * one.forward  # 50 test images are all there are
    sampled = planned.need(job("score_coalitions", score | {"coalitions": "sampled", "number": 70}, "a=1 b=2"))
    assert sampled.flops == (3 * 50 + 5 * 8) * 70 * one.forward
    given = {"images": 9, "steps": 20, "repeats": 2, "dynamics": [], "own_start": ["b"], "batch_size": 9}
    found = planned.need(job("measure_invariances", given, "a=1 b=2"))
    assert found.flops == 9 * 2 * (4 * 20 * 2 * sum(one.upto) + 4 * 3 * 2 * one.forward)
    begun = job("measure_invariances", given, "a=1 b=2")
    begun["params"]["starts"] = "--starts a=3"
    assert planned.need(begun).flops == 9 * 2 * (5 * 20 * 2 * sum(one.upto) + 4 * 3 * 2 * one.forward)


def test_the_table_sums_up_in_the_order_of_the_stages(plan, one):
    jobs = [job("gather_runs"), job("pretrain_model"), job("pretrain_model"), job("make_data", dataset="near")]
    lines = plan.table(CONFIG, jobs).splitlines()
    assert [line.split()[0] for line in lines[:5]] == ["rule", "make_data", "pretrain_model", "gather_runs", "together"]
    flops = 2 * 7 * 3 * one.training
    assert lines[4].split()[1] == "4"
    assert float(lines[4].split()[3]) == round(flops / 1e9 / 3600, 2)
    assert float(lines[4].split()[4]) == round(flops / 2 / 1e9 / 3600, 2)
    assert "0.001 TFLOP/s sustained" in lines[5]
    assert lines[6].startswith("Not there yet: nowhere;")


def test_what_jobs_read(plan, one):
    """By hand: pixels of the source and a model for its features; of the source's images nothing for a selection."""
    planned = plan.Planned(CONFIG)
    data = {**job("make_data", dataset="far"), "output": ["d/far/images.npy", "d/far/data.json"], "input": []}
    model = {**job("pretrain_model"), "output": ["p/small/0/model.safetensors"], "input": data["output"]}
    features = {**job("extract_features"), "output": ["f/small/0/far.npz"], "input": data["output"] + model["output"]}
    select = {**job("select_classes"), "output": ["s.csv"], "input": ["f/small/0/far.npz", "d/far/data.json"]}
    reading = plan.Reading(planned, [data, model, features, select])
    images = 5994 + 5794
    assert reading.of(model) == images * 16 * 16
    assert reading.of(features) == images * 16 * 16 + one.parameters * 4
    assert reading.of(select) == images * one.features * 4


def test_the_plan_says_what_can_be_decided_and_what_more_seeds_would_cost(plan, tmp_path, monkeypatch):
    import deciding

    monkeypatch.chdir(tmp_path)
    config = check(yaml.safe_load((ROOT / "config/default.yaml").read_text()))
    before = deciding.ahead(config, ["runs", "layers"], hours=6.0)
    assert "can be decided with 3 seeds: uot-beats-finetune," in before
    assert "seed costs" not in before
    rows = {"id": ["x"], "architecture": "all", "target": "all", "verdict": "undecided", "seeds_needed": 5}
    table = pd.DataFrame({**dict.fromkeys(COLUMNS, ""), **rows})
    (tmp_path / "results/default").mkdir(parents=True)
    table.to_csv(tmp_path / "results/default/claims.csv", index=False)
    after = deciding.ahead(config, ["runs", "layers"], hours=6.0)
    assert "a further seed costs about 2 GPU hours" in after
    assert "about 5 seeds, 4 GPU hours more: x" in after
