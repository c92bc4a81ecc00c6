"""Every job of the workflow as data, without running anything or needing results.

    python workflow/tools/jobs.py config/default.yaml
"""

from __future__ import annotations

import json
import sys
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


def jobs(*configfiles: str, target: str = "all") -> list[dict[str, Any]]:
    """Rule, rule file, inputs, outputs and parameters of every job that `target` needs from nothing."""
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=[Path(file) for file in configfiles]),
            snakefile=Path("Snakefile"),
        )
        dag = workflow.dag(dag_settings=DAGSettings(targets={target}, forceall=True))
        dag.execute_workflow(executor="dryrun", execution_settings=ExecutionSettings(lock=False))
        return [
            {
                "rule": job.rule.name,
                "file": str(Path(str(job.rule.snakefile)).relative_to(Path.cwd())),
                "input": sorted(map(str, job.input)),
                "output": sorted(map(str, job.output)),
                "params": {key: str(value) for key, value in job.params.items()},
            }
            for job in workflow._workflow.dag.jobs
        ]


if __name__ == "__main__":
    print(json.dumps(jobs(*sys.argv[1:]), indent=1))
