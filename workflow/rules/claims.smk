# Published numbers, which figures show next to ours.
PUBLISHED = {
    "layers": "invariances_layer_metrics",
    "flow": "invariances_flow",
    "dynamics": "invariances_dynamics",
    "optimisers": "invariances_fig6_15",
    "correlations": "invariances_layer_correlations",
    "accuracy": "invariances_table1",
    "growing": "invariances_fig14",
    "interactions": "interactions_published",
    "uot": "uot_published",
}
# Every table that a claim or a figure may be drawn from, under the name by which they ask for it.
TABLES = {
    "runs": str(rules.gather_runs.output.runs),
    "pretraining": str(rules.gather_runs.output.pretraining),
    "history": str(rules.gather_runs.output.history),
    **{name: str(rules.analyse_interactions.output[name]) for name in INTERACTION_TABLES},
    **{
        name: expand(rules.measure_invariances.output[name], target=TARGETS, architecture=ARCHITECTURES, seed=SEEDS)
        for name in (("layers", "flow", "pictures") if TUNED else ())
    },
    **({"divergence": DIVERGENCE} if DIVERGENCE else {}),
    **ROBUSTNESS,
    **DIFFERENCES,
    "players": expand(  # of an image the same for every architecture and seed
        rules.score_coalitions.output, target=TARGETS, architecture=ARCHITECTURES[0], seed=SEEDS[0]
    ),
    **{f"published_{name}": f"{RESOURCES}/published/{file}.csv" for name, file in PUBLISHED.items()},
}


if SOURCE:
    TABLES["select"] = expand(rules.select_classes.output.table, architecture=ARCHITECTURES, seed=SEEDS, target=RANKED)
if OF_TEXT:  # what claims about language models are decided from
    LANGUAGE = {"language": "knowledge", "language_agreement": "agreement"}
    TABLES |= {name: TABLES[other] for name, other in LANGUAGE.items() if other in TABLES}
if ALONG:
    TABLES["layer_dynamics"] = expand(
        rules.measure_invariances.output.dynamics, target=TARGETS, architecture=ARCHITECTURES, seed=SEEDS
    )
VIEWS = [name for name in ("runs", "knowledge", "layers") if name in TABLES]


rule put_side_by_side:
    """One row a model: its accuracy, the knowledge that it kept and the invariances that it lost."""
    input:
        [files_of(name) for name in VIEWS],
    output:
        report(
            "<results>/across.csv",
            caption="../report/across.rst",
            category="The three views side by side",
            labels={"table": "one row a model"},
        ),
    log:
        "<logs>/across.log",
    benchmark:
        "<benchmarks>/across.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1000, runtime=3, page=1),
    params:
        code=code("across"),
        config=text(sources={method: recipe(method)["source"] for method in CLASSIFIERS if uses_source(method)}),
        tables=[part for name in VIEWS for part in (f"--{name}", *files_of(name))],
    message:
        "put the views side by side"
    shell:
        "python -m whypretrain.stages.across --config {params.config:q} --threads {threads}"
        " {params.tables} --out {output} > {log} 2>&1"


TABLES["across"] = str(rules.put_side_by_side.output)


include: "validity.smk"


CLAIM_TABLES = [
    "runs",
    "select",
    "layers",
    "flow",
    "across",
    "knowledge",
    "similarity",
    "controls",
    "strongest",
    "agreement",
    "agreement_dynamics",
    "commonality",
    "permutation_null",
    "language",
    "language_agreement",
]
CLAIM_TABLES = [
    name
    for name in [*CLAIM_TABLES, "layer_dynamics", "robustness", "validity", "planted", "corrupted"]
    if name in TABLES
]


rule decide_claims:
    """Every claim of the papers with its statistic, interval, control and verdict; the headline numbers."""
    input:
        [files_of(name) for name in CLAIM_TABLES],
        claims=f"{RESOURCES}/claims.yaml",
        scales=f"{RESOURCES}/scales.yaml",
    output:
        claims=report(
            "<results>/claims.csv",
            caption="../report/claims.rst",
            category="Verdicts",
            labels={"table": "one row a claim"},
        ),
        by_setting=report(
            "<results>/claims_by_setting.csv",
            caption="../report/claims.rst",
            category="Verdicts",
            labels={"table": "one row a claim, architecture and target"},
        ),
        scale="<results>/scale.csv",
        headline="<results>/headline.json",
    log:
        "<logs>/claims.log",
    benchmark:
        "<benchmarks>/claims.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1000, runtime=3, page=1),
    params:
        code=code("claims"),
        config=text(**config["statistics"], seed=config["seed"], cast=cast_of(config), setting=setting_of(config)),
        tables=given(CLAIM_TABLES),
    message:
        "decide the claims"
    shell:
        "python -m whypretrain.stages.claims --config {params.config:q} --threads {threads}"
        " --claims {input.claims} {params.tables} --out {output.claims}"
        " --scales {input.scales} --scale {output.scale} --headline {output.headline} > {log} 2>&1"


TABLES["scale"] = str(rules.decide_claims.output.scale)


rule claims:
    """The table of verdicts."""
    input:
        rules.decide_claims.output,
