"""What each rule needs: stated in the rule, changed by a profile, more after a failure; and pages are one job."""

from pathlib import Path

import pytest
import yaml
from snakemake.api import SnakemakeApi
from snakemake.resources import Resources
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    ExecutionSettings,
    OutputSettings,
    Quietness,
    ResourceSettings,
)

ROOT = Path(__file__).parents[2]
EVERY_RULE = {
    "invariances": {"corruptions": ["blur"]},
    "interactions": {"variants": {"zero": {"baseline": "zero"}}, "score": {"shards": 2}},
    "features": {"shards": 2},
    "select": {"clusters": {"number": 20, "chosen": 5}},
}


def needs(tmp_path, config, attempt=1, target="train", changed=None):
    """Resources of each rule's jobs at an attempt."""
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"grid": {"seeds": [0]}, **config}))
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1, overwrite_resources=changed or {}),
            config_settings=ConfigSettings(configfiles=[tmp_path / "mine.yaml"]),
            snakefile=ROOT / "Snakefile",
            workdir=ROOT,
        )
        dag = workflow.dag(dag_settings=DAGSettings(targets={target}, forceall=True))
        dag.execute_workflow(executor="dryrun", execution_settings=ExecutionSettings(lock=False))
        found = {}
        for job in workflow._workflow.dag.jobs:
            job.attempt = attempt
            job.reset_params_and_resources()
            if job.output:
                found[job.rule.name] = job.resources
        return found


def of(resources):
    return {key: resources.get(key, 0) for key in ("mem_mb", "runtime", "gpu")}


@pytest.mark.parametrize("target", ["all", "selection_study", "joint"])
def test_every_rule_states_its_needs_and_gets_more_after_a_failure(tmp_path, target):
    first, second = (needs(tmp_path, EVERY_RULE, attempt, target) for attempt in (1, 2))
    assert ("score_variant" if target == "all" else "draw_figure") in first
    for rule in first:
        for key in ("mem_mb", "runtime"):
            assert second[rule][key] == 2 * first[rule][key] > 0, (rule, key)
        assert of(first[rule])["gpu"] == of(second[rule])["gpu"]


@pytest.mark.parametrize(("name", "alone"), [("slurm", {"write_report"}), ("cluster-generic", set())])
def test_rules_of_the_page_are_grouped(tmp_path, name, alone):
    profile = yaml.safe_load((ROOT / f"profiles/{name}/profile.yaml").read_text())
    grouped = {rule for rule, group in profile["groups"].items() if group != "features"}
    rules = {target: needs(tmp_path, EVERY_RULE, target=target) for target in ("all", "selection_study", "joint")}
    pages = {rule for each in rules.values() for rule in each if each[rule].get("page")}
    assert pages == grouped | alone


def test_a_profile_goes_before_the_rule_and_grows_after_failures_too(tmp_path):
    texts = ["mem_mb=7000 * attempt", "gpu=0"]
    changed = {"extract_features": Resources.parse(texts, allow_expressions=True)}
    first, second = (needs(tmp_path, {}, attempt, changed=changed) for attempt in (1, 2))
    assert of(first["extract_features"]) == {"mem_mb": 7000, "runtime": 30, "gpu": 0}
    assert of(second["extract_features"]) == {"mem_mb": 14000, "runtime": 60, "gpu": 0}
    assert of(first["train_finetune"]) == {"mem_mb": 1500, "runtime": 60, "gpu": 1}


@pytest.mark.parametrize(("gpus", "training", "other"), [(0, 0, 0), (1, 1, 1), (4, 4, 1)])
def test_a_training_asks_for_its_gpus_and_other_jobs_for_one_at_most(tmp_path, gpus, training, other):
    found = needs(tmp_path, {"train": {"gpus": gpus}})
    assert {found[rule]["gpu"] for rule in ("train_finetune", "pretrain_model")} == {training}
    assert found["extract_features"]["gpu"] == other
    assert of(found["train_finetune"])["mem_mb"] == 1500 * max(1, gpus)
