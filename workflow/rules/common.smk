import json
from pathlib import Path

from whypretrain.provenance import ROOT, code_files
from whypretrain.recipes import probe_of, recipe_of

RESULTS = f"results/{config['experiment']}"
GRID = config["grid"]
SOURCE = GRID["source"]
TARGETS = GRID["targets"]
ARCHITECTURES = GRID["architectures"]
METHODS = GRID["methods"]
SEEDS = GRID["seeds"]
TRAIN = config["train"]
RUN = "train/{target}/{architecture}/{method}/{seed}"
PUBLISHED = "workflow/resources/published"


wildcard_constraints:
    dataset="[^/]+",
    target="[^/]+",
    architecture="[^/]+",
    seed=r"\d+",


def code(stage):
    """Source files behind a stage, as inputs: Snakemake and DVC then see the same edit."""
    return [f"workflow/whypretrain/{path.relative_to(ROOT)}" for path in code_files(stage)]


def text(**sections):
    """A stage's part of the config as one JSON text: Snakemake compares parameters without their names."""
    return json.dumps(sections, sort_keys=True)


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
    return [f"<results>/{folder}/{name}" for name in ("model.safetensors", "model.json")]


def data_at(dataset):
    """The three files of a data set below the results."""
    return [f"<results>/data/{dataset}/{name}" for name in ("images.npy", "manifest.parquet", "data.json")]


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
    gate = {} if settings.get("dtype", "float32") == "float32" else {"threshold": ANALYSIS["threshold"]}
    return text(**settings, **gate, seed=config["seed"])


def files_of(name):
    """The files of a table, as a list."""
    return [TABLES[name]] if isinstance(TABLES[name], str) else TABLES[name]


def given(names):
    """The named tables as command-line arguments: `--input NAME FILE...`."""
    return [part for name in names for part in ("--input", name, *files_of(name))]


def told(key, default=""):
    """What the page says of the figure of the wildcards."""
    return lambda wildcards: TOLD.get(wildcards.figure, {}).get(key, default)
