import json
from pathlib import Path

# A parameter of every rule: the hash of the code behind a stage. Snakemake and DVC compare it, and no file's time.
from whypretrain.provenance import code_hash as code
from whypretrain.config.derived import bases_of, derived_of
from whypretrain.config.grid import data_sets
from whypretrain.config.methods import imported_of, is_imported, is_normalised, probe_of, recipe_of
from whypretrain.config.networks import is_fetched
from whypretrain.config.parts import REINITIALISED, SHAM, Role
from whypretrain.config.roles import CLASSIFIES, cast_of, roles_of
from whypretrain.config.setting import setting_of
from whypretrain.config.encoders import is_text
from whypretrain.runtime.places import CHECKPOINTS, DATA, DATA_CARD, MODEL, TEXT, TOKENS, WEIGHTS

RESULTS = workflow.pathvars.apply("<results>")
GRID = config["grid"]
SOURCE = GRID["source"]
DATA_SETS = data_sets(GRID)
TARGETS = GRID["targets"]
RANKED = [*TARGETS, *GRID["ranked_for"]] if SOURCE else []
ARCHITECTURES = GRID["architectures"]
METHODS = GRID["methods"]
SEEDS = GRID["seeds"]
ROLES = roles_of(config)
TRAIN = config["train"]
OF_TEXT = is_text(config)
RUN = "train/{target}/{architecture}/{method}/{seed}"
RESOURCES = str(package_of(HOME) / "resources")


wildcard_constraints:
    dataset="[^/]+",
    target="[^/]+",
    architecture="[^/]+",
    seed=r"\d+",


def needs(mem_mb, runtime, **others):
    """What a job needs, in MB and minutes; one that failed comes again with twice, then three times as much."""
    return {
        "mem_mb": lambda wildcards, attempt: mem_mb * attempt,
        "runtime": lambda wildcards, attempt: runtime * attempt,
        **others,
    }


def text(**sections):
    """A stage's part of the config as one JSON text: Snakemake compares parameters without their names."""
    return json.dumps(sections, sort_keys=True)


def outside(*path):
    """A parameter: fingerprints of the user's files that keys below a key of the config name."""
    return text(**{key: found for key, found in OUTSIDE.items() if key.startswith(".".join([*path, ""]))})


def at(place):
    """A place below the results, as text for a command line."""
    return f"{RESULTS}/{place}"


def folder_of(name):
    """A parameter: the folder of a rule's input files of that name."""

    def place(wildcards, input):
        files = input[name]
        return str(Path(files if isinstance(files, str) else files[0]).parent)

    return place


def output_folder(wildcards, output):
    """A parameter: the folder of a rule's first output file."""
    return str(Path(output[0]).parent)


def model_at(folder):
    """The two files of a model in a folder below the results."""
    return [f"<results>/{folder}/{name}" for name in MODEL]


def data_at(dataset):
    """The files of a data set below the results: images, or sentences."""
    return [f"<results>/data/{dataset}/{name}" for name in (TEXT if OF_TEXT else DATA)]


def samples_at(dataset, architecture="{architecture}"):
    """The files of what a model takes of a data set: its images, or its sentences as the model's tokens."""
    if not OF_TEXT:
        return data_at(dataset)
    return [f"<results>/tokens/{architecture}/{dataset}/{name}" for name in TOKENS]


def weights_of(architecture):
    """Files of the published weights that an architecture starts from; none where it has its own."""
    named = config["models"][architecture]["checkpoint"]
    if not is_fetched(named):
        return []
    return [f"weights/{named.replace(':', '/', 1)}/{file}" for file in WEIGHTS]


def kind_of(checkpoint):
    """Which line of the registry of published weights a checkpoint goes through, if any."""
    return [checkpoint.partition(":")[0]] if checkpoint else []


def folder_of_samples(files):
    """The folder of the files of `samples_at`."""
    return at(Path(files[0]).relative_to("<results>").parent)


def folders_of_samples(wildcards):
    """A parameter: the folders of what a model takes of all data sets, the source first."""
    return [folder_of_samples(samples_at(dataset, wildcards.architecture)) for dataset in DATA_SETS]


def source_samples(wildcards):
    """A parameter: the folder of what a model takes of the source, as an argument."""
    return f"--source {folders_of_samples(wildcards)[0]}"


def source_of(architecture):
    """What a pre-trained model needs of the source data: of a checkpoint the names of classes and the mean alone.

    Without a source, those of a target stand for them.
    """
    given = config["models"][architecture]["checkpoint"]
    return samples_at(SOURCE or TARGETS[0], architecture)[-1:] if given else samples_at(SOURCE, architecture)


def hash_of_weights(*files):
    """A parameter, known once the weights are there: they count by content, whenever they were fetched."""
    return json.loads(Path(files[1]).read_text())["sha256"] if files else ""


def recipe(method, wildcards=None):
    return recipe_of(config, method, *((wildcards.architecture, wildcards.target) if wildcards else ()))


def start_of(method, wildcards):
    """Folder below the results of the model, trained on another target, that a method of NEIGHBOURS starts from."""
    target, other = TRAIN["methods"][method]["start"][wildcards.target].split("/")
    return RUN.format(target=target, architecture=wildcards.architecture, method=other, seed=wildcards.seed)


def starts(methods, wildcards):
    """The files of the models that those of the methods start from that are of NEIGHBOURS."""
    return sum((model_at(start_of(method, wildcards)) for method in methods if method in NEIGHBOURS), [])


# A training on several GPUs is so many processes; a checkpoint is brought into form by one.
GPUS = TRAIN["gpus"]
GPU = min(1, GPUS)  # of any other job
PROCESSES = max(1, GPUS)
TRAINER = f"torchrun --standalone --nproc-per-node {GPUS}" if GPUS > 1 else "python"


def uses_source(method):
    return bool(TRAIN["methods"][method].get("source"))


def uses_clusters(method):
    return TRAIN["methods"][method].get("source_loss") == "consistency"


def run_files(method, *names):
    """Files of one method's run, the other wildcards left open."""
    return [f"<results>/{RUN}/{name}".replace("{method}", method) for name in names]


def run_of(method):
    """One method's run as a command-line argument, NAME=FOLDER."""
    return f"{method}={at(RUN)}".replace("{method}", method)


def scoring(settings):
    """What the scoring reads: the threshold, too, where a reduced precision must leave it alone."""
    gate = {} if settings["dtype"] == "float32" else {"threshold": ANALYSIS["threshold"]}
    return text(**settings, **gate, seed=config["seed"])


def files_of(name):
    """The files of a table, as a list."""
    return [TABLES[name]] if isinstance(TABLES[name], str) else TABLES[name]


def given(names):
    """The named tables as command-line arguments: `--input NAME FILE...`."""
    return [part for name in names for part in ("--input", name, *files_of(name))]


def figure_of(wildcards):
    return FIGURES[wildcards.figure]


def tables_of(wildcards):
    figure = figure_of(wildcards)
    found = [*figure.tables, *(name for name in figure.also if name in TABLES)]
    shown = config["report"]["pictures"] and not OF_TEXT
    return [name for name in found if shown or name in figure.tables or name not in ("source_data", "target_data")]


def made_by(target):
    """The figures of the experiment that another target makes, too."""
    return [name for name in DRAWN if FIGURES[name].target == target]
