"""whypretrain: data sets and checkpoints -> selection -> models -> interactions and invariances -> claims, figures, report."""

import os
import sys
import time
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.utils import min_version

from whypretrain.config import check, files, places_of, remarks
from whypretrain.errors import InputError
from whypretrain.provenance import fingerprints, other_code

min_version("9.19")

# Jobs run the Python that runs Snakemake, whether or not its environment is activated.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))


# The checkout, from where it is run: other folders are run in with `snakemake -s CHECKOUT/Snakefile --directory FOLDER`.
CHECKOUT = Path() if Path.cwd() == Path(workflow.basedir) else Path(workflow.basedir)


configfile: str(CHECKOUT / "config/default.yaml")


try:
    for file in workflow.configfiles if workflow.is_main_process else ():
        files.read(file)
    if differing := other_code(CHECKOUT / "workflow/whypretrain"):
        raise InputError(
            f"the installed whypretrain is not the code of this checkout ({differing} differs); "
            "run `pip install --editable .` here"
        )
    config.update(check(config))
    # Of the user's files and folders. Jobs that are started elsewhere need none: the process that plans compares them.
    OUTSIDE = fingerprints(places_of(config)) if workflow.is_main_process else {}
except InputError as error:
    raise WorkflowError(str(error)) from None
for remark in remarks(config):
    logger.warning(f"config: {remark}")


pathvars:
    results=f"results/{config['experiment']}",
    logs=f"results/{config['experiment']}/logs",
    benchmarks=f"results/{config['experiment']}/benchmarks",


localrules:
    fetch_class_means,
    fetch_weights,
    plan,


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/pretrain.smk"
include: "workflow/rules/features.smk"
include: "workflow/rules/select.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/derive.smk"
include: "workflow/rules/diff.smk"
include: "workflow/rules/interactions.smk"
include: "workflow/rules/invariances.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/starts.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/joint.smk"
include: "workflow/rules/selection_study.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/plan.smk"


STARTED = time.time()
CORES = workflow.resource_settings.cores or os.cpu_count()  # a cluster run has jobs, not cores


onsuccess:
    shell("{sys.executable} {CHECKOUT}/workflow/tools/timing.py {RESULTS} --since {STARTED} --cores {CORES}")


rule all:
    """Everything, up to the report."""
    default_target: True
    input:
        rules.report.input,
