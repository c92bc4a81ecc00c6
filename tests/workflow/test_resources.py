"""What the config says of a rule's needs goes before the table of the profile, and grows with failures."""

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
TABLE = yaml.safe_load((ROOT / "profiles/default/profile.yaml").read_text())["set-resources"]


def needs(tmp_path, resources, attempt=1):
    """Resources of each rule's jobs at an attempt, under a table as the profile has it."""
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump({"grid": {"seeds": [0]}, "resources": resources}))
    table = {
        rule: {"mem_mb": 111, "runtime": 11, "gpu": int(each.get("gpu", 0))} for rule, each in TABLE.items()
    }
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1, overwrite_resources=table),
            config_settings=ConfigSettings(configfiles=[tmp_path / "mine.yaml"]),
            snakefile=ROOT / "Snakefile",
            workdir=ROOT,
        )
        dag = workflow.dag(dag_settings=DAGSettings(targets={"train"}, forceall=True))
        dag.execute_workflow(executor="dryrun", execution_settings=ExecutionSettings(lock=False))
        found = {}
        for job in workflow._workflow.dag.jobs:
            job.attempt = attempt
            job.reset_params_and_resources()
            found[job.rule.name] = {key: job.resources.get(key) for key in ("mem_mb", "runtime", "gpu")}
        return found


def test_the_config_goes_before_the_table_and_a_rule_before_all_that_train(tmp_path):
    said = {
        "extract_features": {"mem_mb": 7000, "gpu": 0},
        "train": {"runtime": 600},
        "train_finetune": {"runtime": 300},
        "train_scratch": {"runtime": 400},  # trained along with the former
    }
    first, second = (needs(tmp_path, said, attempt) for attempt in (1, 2))
    assert first["extract_features"] == {"mem_mb": 7000, "runtime": 11, "gpu": 0}
    assert first["train_finetune"] == {"mem_mb": 111, "runtime": 300, "gpu": 1}
    assert first["train_joint_uot"] == {"mem_mb": 111, "runtime": 600, "gpu": 1}
    assert first["fit_probe"] == {"mem_mb": 111, "runtime": 11, "gpu": 0}
    assert second["extract_features"] == {"mem_mb": 14000, "runtime": 11, "gpu": 0}


def test_a_name_that_is_no_rule_is_refused(tmp_path):
    with pytest.raises(WorkflowError, match="resources names 'extract_feature', which is no rule"):
        needs(tmp_path, {"extract_feature": {"gpu": 0}})
