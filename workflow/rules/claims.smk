# Every table that a claim or a figure may be drawn from, under the name by which they ask for it.
TABLES = {
    "runs": str(rules.gather_runs.output.runs),
    "pretraining": str(rules.gather_runs.output.pretraining),
    "history": str(rules.gather_runs.output.history),
    "select": expand(
        rules.select_classes.output.table, architecture=ARCHITECTURES, seed=SEEDS, target=TARGETS
    ),
    **{name: str(rules.analyse_interactions.output[name]) for name in INTERACTION_TABLES},
    **{
        name: expand(
            rules.measure_invariances.output[name], target=TARGETS, architecture=ARCHITECTURES, seed=SEEDS
        )
        for name in ("layers", "flow", "pictures")
    },
    "layer_dynamics": expand(
        rules.measure_invariances.output.dynamics, target=TARGETS, architecture=ARCHITECTURES, seed=SEEDS
    ),
    "players": expand(  # of an image the same for every architecture and seed
        rules.score_coalitions.output, target=TARGETS, architecture=ARCHITECTURES[0], seed=SEEDS[0]
    ),
    "published_layers": f"{PUBLISHED}/invariances_layer_metrics.csv",
    "published_flow": f"{PUBLISHED}/invariances_flow.csv",
    "published_dynamics": f"{PUBLISHED}/invariances_dynamics.csv",
    "published_optimisers": f"{PUBLISHED}/invariances_fig6_15.csv",
    "published_correlations": f"{PUBLISHED}/invariances_layer_correlations.csv",
    "published_accuracy": f"{PUBLISHED}/invariances_table1.csv",
    "published_growing": f"{PUBLISHED}/invariances_fig14.csv",
    "published_interactions": f"{PUBLISHED}/interactions_published.csv",
    "published_uot": f"{PUBLISHED}/uot_published.csv",
}


rule put_side_by_side:
    """One row a model: its accuracy, the knowledge that it kept and the invariances that it lost."""
    input:
        **{name: TABLES[name] for name in ("runs", "knowledge", "layers")},
        code=code("across"),
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
    threads: 1
    resources:
        mem_mb=1000,
        runtime=3,
        page=1,
    message:
        "put the views side by side"
    shell:
        "python -m whypretrain.stages.across --threads {threads} --runs {input.runs}"
        " --knowledge {input.knowledge} --layers {input.layers} --out {output} > {log} 2>&1"


TABLES["across"] = str(rules.put_side_by_side.output)
CLAIM_TABLES = ["runs", "select", "layers", "flow", "across"]
CLAIM_TABLES += ["knowledge", "similarity", "controls", "strongest"]
if ALONG:
    CLAIM_TABLES.append("layer_dynamics")
if ROBUSTNESS:
    CLAIM_TABLES.append("robustness")
    TABLES |= ROBUSTNESS


rule decide_claims:
    """Every claim of the papers with its statistic, interval, control and verdict; the headline numbers."""
    input:
        [files_of(name) for name in CLAIM_TABLES],
        code=code("claims"),
        claims="workflow/resources/claims.yaml",
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
        headline="<results>/headline.json",
    log:
        "<logs>/claims.log",
    benchmark:
        "<benchmarks>/claims.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=3,
        page=1,
    params:
        config=text(**config["statistics"], seed=config["seed"]),
        tables=given(CLAIM_TABLES),
    message:
        "decide the claims"
    shell:
        "python -m whypretrain.stages.claims --config {params.config:q} --threads {threads}"
        " --claims {input.claims} {params.tables} --out {output.claims}"
        " --headline {output.headline} > {log} 2>&1"


rule claims:
    """The table of verdicts."""
    input:
        rules.decide_claims.output,
