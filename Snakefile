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
from whypretrain.provenance.home import DEFAULT, home, package_of

min_version("9.19")

# Jobs run the Python that runs Snakemake, whether or not its environment is activated.
os.environ.update(PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]))


# The folder of this file; of a file that is not local, as a module's may be, that of the installed package.
HOME = home(workflow.current_basedir)
# As a module, another workflow has given the config, and its files are not ours.
IS_MODULE = not workflow.modifier.is_main_snakefile()


configfile: str(HOME / DEFAULT)


try:
    for file in workflow.configfiles if workflow.is_main_process and not IS_MODULE else ():
        files.read(file)
    if differing := other_code(package_of(HOME)):
        raise InputError(
            f"the whypretrain of this Python is not the code of {HOME.absolute()} ({differing} differs); "
            "run `pip install --editable .` there, or the Python that has it"
        )
    if workflow.modifier.path_modifier.replace_prefix("results") != "results":
        raise InputError(
            "module: leave prefix and replace_prefix out; say where results go by pathvars: results=FOLDER"
        )
    config = check(files.merged(files.read(HOME / DEFAULT), config))
    # Of the user's files and folders. Jobs that are started elsewhere need none: the process that plans compares them.
    OUTSIDE = fingerprints(places_of(config)) if workflow.is_main_process else {}
except InputError as error:
    raise WorkflowError(str(error)) from None
for remark in remarks(config):
    logger.warning(f"config: {remark}")


pathvars:
    results=f"results/{config['experiment']}",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


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
    shell("{sys.executable} {HOME}/workflow/tools/timing.py {RESULTS} --since {STARTED} --cores {CORES}")


rule all:
    """Everything, up to the report."""
    default_target: True
    input:
        rules.report.input,
