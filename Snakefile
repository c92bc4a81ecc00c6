"""whypretrain: data sets and checkpoints -> selection -> models -> interactions and invariances -> claims, figures, report."""

import os
import sys
import time
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.utils import min_version

from whypretrain.config import check, remarks
from whypretrain.errors import InputError

min_version("9.19")

# Jobs run the Python that runs Snakemake, whether or not its environment is activated.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))


configfile: "config/default.yaml"


try:
    check(config, "workflow/schemas/config.schema.yaml")
except InputError as error:
    raise WorkflowError(str(error)) from None
for remark in remarks(config):
    logger.warning(f"config: {remark}")


pathvars:
    results=f"results/{config['experiment']}",
    logs=f"results/{config['experiment']}/logs",
    benchmarks=f"results/{config['experiment']}/benchmarks",


localrules:
    all,
    data,
    pretrain,
    features,
    select,
    train,
    interactions,
    invariances,
    claims,
    figures,
    report,
    selection_study,
    fetch_class_means,
    joint,
    pilot,
    plan,


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/pretrain.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/select.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/interactions.smk"
include: "workflow/rules/invariances.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/joint.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/selection_study.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/plan.smk"
include: "workflow/rules/resources.smk"


STARTED = time.time()
CORES = workflow.resource_settings.cores or os.cpu_count()  # a cluster run has jobs, not cores


onsuccess:
    shell("{sys.executable} workflow/tools/timing.py {RESULTS} --since {STARTED} --cores {CORES}")


rule all:
    """Everything, up to the report."""
    default_target: True
    input:
        rules.report.input,
