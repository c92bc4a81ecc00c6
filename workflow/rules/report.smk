rule write_report:
    """One page that holds it all: what was run, the verdicts, the figures with their data, and how to cite."""
    input:
        claims=rules.decide_claims.output.claims,
        by_setting=rules.decide_claims.output.by_setting,
        figures=rules.figures.input,
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
    message:
        "write {output}"
    shell:
        "python -m whypretrain.stages.report --config {params.config:q} --threads {threads}"
        " --results {params.results} --claims {input.claims} --figures {params.figures} --out {output} > {log} 2>&1"


rule report:
    """The page."""
    input:
        rules.write_report.output,
