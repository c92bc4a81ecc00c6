from snakemake.resources import Resources


def needs(name):
    """What the config says that a rule needs; `train` stands for all rules that train, a failed job comes with more."""
    said = config.get("resources", {})
    found = {**said.get("train" if name.startswith("train_") else name, {}), **said.get(name, {})}
    return {key: value if key == "gpu" else scaled(value) for key, value in found.items()}


def scaled(value):
    return lambda wildcards, attempt: value * attempt


for each in workflow.rules:
    each.resources.update(Resources.from_mapping(needs(each.name)))

# A method that another job trains along has no rule of its own, and needs none.
KNOWN = {
    "train",
    *(each.name for each in workflow.rules),
    *(f"train_{method}" for method in TRAIN["methods"]),
}
if unknown := sorted(set(config.get("resources", {})) - KNOWN):
    raise WorkflowError(f"config: resources names {unknown[0]!r}, which is no rule of this experiment")
