"""What each rule needs: stated in the rule, changed by the config, more after a failure; and pages are one job."""

from pathlib import Path

import pytest
import yaml
from snakemake.api import SnakemakeApi
from snakemake.exceptions import WorkflowError
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


def needs(tmp_path, config, attempt=1, target="train"):
    """Resources of each rule's jobs at an attempt."""
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"grid": {"seeds": [0]}, **config}))
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
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
    assert {"all": "score_variant", "joint": "draw_joint"}.get(target, "draw_study") in first
    for rule in first:
        for key in ("mem_mb", "runtime"):
            assert second[rule][key] == 2 * first[rule][key] > 0, (rule, key)
        assert of(first[rule])["gpu"] == of(second[rule])["gpu"]


@pytest.mark.parametrize(("name", "alone"), [("slurm", {"write_report"}), ("cluster-generic", set())])
def test_rules_of_the_page_are_grouped(tmp_path, name, alone):
    profile = yaml.safe_load((ROOT / f"profiles/{name}/profile.yaml").read_text())
    grouped = {rule for rule, group in profile["groups"].items() if group != "features"}
    rules = {
        target: needs(tmp_path, EVERY_RULE, target=target) for target in ("all", "selection_study", "joint")
    }
    pages = {rule for each in rules.values() for rule in each if each[rule].get("page")}
    assert pages == grouped | alone


def test_the_config_goes_before_the_rule_and_a_rule_before_all_that_train(tmp_path):
    said = {
        "extract_features": {"mem_mb": 7000, "gpu": 0},
        "train": {"runtime": 600},
        "train_finetune": {"runtime": 300},
        "train_scratch": {"runtime": 400},  # trained along with the former
    }
    first, second = (needs(tmp_path, {"resources": said}, attempt) for attempt in (1, 2))
    assert of(first["extract_features"]) == {"mem_mb": 7000, "runtime": 30, "gpu": 0}
    assert of(first["train_finetune"]) == {"mem_mb": 1500, "runtime": 300, "gpu": 1}
    assert of(first["train_joint_uot"]) == {"mem_mb": 1500, "runtime": 600, "gpu": 1}
    assert of(first["fit_probe"]) == {"mem_mb": 1000, "runtime": 10, "gpu": 0}
    assert of(second["extract_features"]) == {"mem_mb": 14000, "runtime": 60, "gpu": 0}


def test_a_training_on_several_gpus_asks_for_them_unless_there_are_none(tmp_path):
    several = needs(tmp_path, {"train": {"gpus": 4}})
    assert {several[rule]["gpu"] for rule in ("train_finetune", "pretrain_model")} == {4}
    assert several["extract_features"]["gpu"] == 1
    none = needs(tmp_path, {"resources": {"all": {"gpu": 0}}})
    assert {of(each)["gpu"] for each in none.values()} == {0}


def test_a_name_that_is_no_rule_is_refused(tmp_path):
    with pytest.raises(WorkflowError, match="resources names 'extract_feature', which is no rule"):
        needs(tmp_path, {"resources": {"extract_feature": {"gpu": 0}}})
