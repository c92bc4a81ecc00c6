"""Every job of the workflow as data, without running anything or needing results.

    python workflow/tools/jobs.py config/default.yaml config/smoke.yaml

prints one JSON list of jobs for each file, in one JSON list: one start of Snakemake serves many experiments.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from snakemake.api import SnakemakeApi
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    ExecutionSettings,
    OutputSettings,
    Quietness,
    ResourceSettings,
)

from whypretrain.provenance.home import home


def jobs(configfile: str | Path, target: str = "all") -> list[dict[str, Any]]:
    """Rule, rule file, inputs, outputs, parameters and command of every job that `target` needs from nothing."""
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=[Path(configfile)]),
            snakefile=home() / "Snakefile",
        )
        dag = workflow.dag(dag_settings=DAGSettings(targets={target}, forceall=True))
        dag.execute_workflow(executor="dryrun", execution_settings=ExecutionSettings(lock=False))
        return [_describe(job) for job in workflow._workflow.dag.jobs]


def _describe(job: Any) -> dict[str, Any]:
    """What decides one job's work, as plain values."""
    return {
        "rule": job.rule.name,
        "file": str(Path(str(job.rule.snakefile)).relative_to(home().absolute())),
        "input": sorted(map(str, job.input)),
        "output": sorted(map(str, job.output)),
        "params": {key: str(value) for key, value in job.params.items()},
        "wildcards": dict(job.wildcards_dict),
        "command": job.rule.shellcmd,
    }


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("files", nargs="+")
    arguments.add_argument("--target", default="all")
    given = arguments.parse_args()
    print(json.dumps([jobs(file, given.target) for file in given.files]))
