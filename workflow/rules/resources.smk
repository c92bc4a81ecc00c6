from snakemake.resources import Resources


def needs(name):
    """What the config says of the needs of a rule; `all` stands for all rules, `train` for all rules that train."""
    said = config.get("resources", {})
    trains = "train" if name.startswith("train_") else name
    return {**said.get("all", {}), **said.get(trains, {}), **said.get(name, {})}


def scaled(value):
    """A failed job comes with twice, then three times as much."""
    return lambda wildcards, attempt: value * attempt


for each in workflow.rules:
    each.resources.update(Resources.from_mapping(needs(each.name)))
    for key in {"mem_mb", "runtime"} & set(each.resources):
        if not each.resources[key].is_evaluable():
            each.resources[key] = scaled(each.resources[key].value)

# A method that another job trains along has no rule of its own, and needs none.
KNOWN = {
    "all",
    "train",
    *(each.name for each in workflow.rules),
    *(f"train_{method}" for method in TRAIN["methods"]),
}
if unknown := sorted(set(config.get("resources", {})) - KNOWN):
    raise WorkflowError(f"config: resources names {unknown[0]!r}, which is no rule of this experiment")
