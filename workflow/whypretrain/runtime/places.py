"""Names of the files that a model and a data set are made of, in their folders below the results."""

MODEL = ("model.safetensors", "model.json")
CHECKPOINTS = "checkpoints.safetensors"  # of a training, next to its model
DATA_CARD = "data.json"
WEIGHTS = ("weights.safetensors", "weights.json")  # published ones, as they were fetched
DATA = ("images.npy", "manifest.parquet", DATA_CARD)
TEXT = DATA[1:]  # a set of sentences, which are in the manifest
TOKENS = ("tokens.npy", *TEXT)  # the same once it is tokenised
