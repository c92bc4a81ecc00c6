import json


from whypretrain.provenance import ROOT, code_files

RESULTS = f"results/{config['experiment']}"
GRID = config["grid"]
SOURCE = GRID["source"]
TARGETS = GRID["targets"]
ARCHITECTURES = GRID["architectures"]
METHODS = GRID["methods"]
SEEDS = GRID["seeds"]
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


def model_at(*folder):
    """The two files of a model folder below the results."""
    return [f"{RESULTS}/{'/'.join(folder)}/{name}" for name in ("model.safetensors", "model.json")]


def data_at(dataset):
    """The three files of a data set below the results."""
    return [f"{RESULTS}/data/{dataset}/{name}" for name in ("images.npy", "manifest.parquet", "data.json")]


def folder(files):
    """The folder that holds the first of some files."""
    return str(Path(str(files[0])).parent)
