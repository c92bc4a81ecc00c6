from itertools import product

# Single samples of the first seed, where figures show some as well: what the page lets its reader choose.
FIRST = {"target": TARGETS, "architecture": ARCHITECTURES, "seed": SEEDS[0]}
CHOSEN = list(product(TARGETS, ARCHITECTURES)) if {"patches", "sentences"} & set(DRAWN) else []
EXPLORED = {
    "strongest": [TABLES["strongest"]] if CHOSEN else [],
    "scores": expand(rules.score_coalitions.output, **FIRST) if CHOSEN else [],
    "inversions": expand(rules.measure_invariances.output.pictures, **FIRST) if "inversions" in DRAWN else [],
}
SAMPLES = [samples_at(target, architecture) for target, architecture in CHOSEN]  # of each archive


rule write_report:
    """One page that holds it all: what was run, the verdicts, the figures with their data, and how to cite."""
    input:
        **EXPLORED,
        claims=rules.decide_claims.output.claims,
        by_setting=rules.decide_claims.output.by_setting,
        figures=rules.figures.input,
        samples=SAMPLES,
    output:
        report(
            "<results>/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"page": "everything on one page"},
        ),
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1000, runtime=3, page=1),
    params:
        code=code("report"),
        config=text(config=config),
        results=output_folder,
        figures=folder_of("figures"),
        explored=lambda wildcards, input: [f"--{name} {input[name]}" for name in EXPLORED if EXPLORED[name]],
        samples=" ".join(["--samples", *map(folder_of_samples, SAMPLES)]) if SAMPLES else "",
    message:
        "write {output}"
    shell:
        "python -m whypretrain.stages.report --config {params.config:q} --threads {threads}"
        " --results {params.results} --claims {input.claims} --figures {params.figures}"
        " {params.explored} {params.samples} --out {output} > {log} 2>&1"


rule report:
    """The page."""
    input:
        rules.write_report.output,
