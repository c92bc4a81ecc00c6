import yaml

from whypretrain.provenance import ROOT

# The tables that each figure is drawn from.
FIGURES = {
    "selection": ["select"],
    "concepts": ["select"],
    "accuracy": ["runs", "published_uot"],
    "knowledge": ["knowledge"],
    "scratch_ratio": ["knowledge", "runs", "published_interactions"],
    "scratch_gap": ["knowledge", "runs", "controls"],
    "similarity": ["similarity"],
    "sparsity": ["sparsity", "matching"],
    "choices": ["sensitivity"],
    "controls": ["controls", "knowledge"],
    "joint_knowledge": ["knowledge"],
    "patches": ["strongest", "players"],
    "layers": ["layers", "published_layers"],
    "flow": ["flow", "published_flow"],
    "correlations": ["layers", "runs", "pretraining", "published_correlations", "published_accuracy"],
    "dynamics": ["layer_dynamics", "published_dynamics"],
    "robustness": ["corrupted", "robustness", "layer_dynamics", "published_dynamics", "published_growing"],
    "optimisers": ["corrupted", "robustness", "layer_dynamics", "published_optimisers"],
    "inversions": ["pictures"],
    "across": ["across"],
}

# Left out where an experiment has nothing to draw them from.
if config["interactions"]["analysis"]["scratch"] not in METHODS:
    del FIGURES["scratch_ratio"], FIGURES["scratch_gap"]
if not set(config["interactions"]["score"]["dynamics"]) & set(METHODS):
    del FIGURES["similarity"]
if not any(method.startswith("joint_") for method in METHODS):
    del FIGURES["joint_knowledge"]
if not ALONG:
    del FIGURES["dynamics"]
if "robustness" not in TABLES:
    del FIGURES["robustness"]
if "robustness" not in TABLES or len(ALONG) < 2:
    del FIGURES["optimisers"]

# What the page says of a figure: its paper, caption and the published values.
CONTENTS = yaml.safe_load((ROOT / "report/contents.yaml").read_text())["papers"]
TOLD = {
    figure["name"]: {**figure, "paper": paper["short"]} for paper in CONTENTS for figure in paper["figures"]
}


rule draw_figure:
    """One figure, drawn from tables alone, with the table of what it shows."""
    input:
        lambda wildcards: sum(map(files_of, FIGURES[wildcards.figure]), []),
        code=code("figure"),
        data=data_at(SOURCE),
        targets=[file for target in TARGETS for file in data_at(target)],
    output:
        report(
            "<results>/figures/{figure}.png",
            caption="../report/figure.rst",
            category=told("paper", "Further figures"),
            labels={"figure": "{figure}"},
        ),
        expand("<results>/figures/{{figure}}.{suffix}", suffix=["svg", "pdf", "csv"]),
    log:
        "<logs>/figures/{figure}.log",
    benchmark:
        "<benchmarks>/figures/{figure}.tsv"
    wildcard_constraints:
        figure="|".join(FIGURES),
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=3,
        page=1,
    params:
        config=text(
            **config["figures"],
            **config["statistics"],
            threshold=config["interactions"]["analysis"]["threshold"],
            seed=config["seed"],
        ),
        source=folder_of("data"),
        targets=[at(f"data/{target}") for target in TARGETS],
        out=at("figures/{figure}"),
        tables=lambda wildcards: given(FIGURES[wildcards.figure]),
        caption=told("caption"),
        published=told("published"),
    message:
        "draw {wildcards.figure}"
    shell:
        "python -m whypretrain.stages.figure --name {wildcards.figure} --config {params.config:q}"
        " --threads {threads} {params.tables} --source-data {params.source}"
        " --target-data {params.targets} --out {params.out} > {log} 2>&1"


rule figures:
    """All figures."""
    input:
        expand(rules.draw_figure.output, figure=FIGURES),
        rules.draw_joint.output,
