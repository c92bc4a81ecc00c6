from whypretrain.config.encoders import sample_word
from whypretrain.config.roles import described
from whypretrain.figures import FIGURES, drawn

# What figures are drawn from, besides the tables of the claims.
TABLES |= {
    **{name: str(rules.gather_runs.output[name]) for name in ("tuning", "target_sizes")},
    "source_data": expand(rules.make_data.output, dataset=[SOURCE] if SOURCE else []),
    "target_data": (
        [at(f"tokens/{ARCHITECTURES[0]}/{target}/{name}") for target in TARGETS for name in TOKENS]
        if OF_TEXT
        else expand(rules.make_data.output, dataset=TARGETS)
    ),
}
DRAWN = drawn(config)
STUDY_FIGURES = [name for name, figure in FIGURES.items() if figure.target == "selection_study"]


rule draw_figure:
    """One figure, drawn from tables alone, with the table of what it shows."""
    input:
        lambda wildcards: [file for name in tables_of(wildcards) for file in files_of(name)],
    output:
        report(
            "<results>/figures/{figure}.png",
            caption="../report/figure.rst",
            category=lambda wildcards: figure_of(wildcards).paper,
            labels={"figure": "{figure}"},
        ),
        expand("<results>/figures/{{figure}}.{suffix}", suffix=["svg", "pdf", "csv"]),
    log:
        "<logs>/figures/{figure}.log",
    benchmark:
        "<benchmarks>/figures/{figure}.tsv"
    wildcard_constraints:
        figure="|".join([*DRAWN, *STUDY_FIGURES]),
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1000, runtime=3, page=1),
    params:
        code=lambda wildcards: [code("figure"), code(f"whypretrain.figures.{wildcards.figure}")],
        config=text(
            **config["figures"],
            **config["statistics"],
            **described(config),
            threshold=config["interactions"]["analysis"]["threshold"],
            seed=config["seed"],
        ),
        out=at("figures/{figure}"),
        tables=lambda wildcards: given(tables_of(wildcards)),
        caption=lambda wildcards: figure_of(wildcards).told(sample_word(config)).caption,
        published=lambda wildcards: figure_of(wildcards).published,
    message:
        "draw {wildcards.figure}"
    shell:
        "python -m whypretrain.stages.figure --name {wildcards.figure} --config {params.config:q}"
        " --threads {threads} {params.tables} --out {params.out} > {log} 2>&1"


rule figures:
    """All figures."""
    input:
        expand(rules.draw_figure.output, figure=DRAWN),
