# arXiv 2111.12292 from selection and training alone, without interactions and invariances.

JOINT_TABLES = [name for name in ("runs", "select") if name in TABLES]


rule decide_joint_claims:
    """The paper's claims that runs and rankings decide; those of other tables are not run here."""
    input:
        [files_of(name) for name in JOINT_TABLES],
        claims=f"{RESOURCES}/claims.yaml",
        target_sizes=rules.gather_runs.output.target_sizes,
    output:
        claims="<results>/joint/claims.csv",
        by_setting="<results>/joint/claims_by_setting.csv",
    log:
        "<logs>/joint/claims.log",
    benchmark:
        "<benchmarks>/joint/claims.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1000, runtime=3, page=1),
    params:
        code=code("claims"),
        config=text(**config["statistics"], seed=config["seed"], cast=cast_of(config), setting=setting_of(config)),
        tables=given(JOINT_TABLES),
    message:
        "decide the claims of joint fine-tuning"
    shell:
        "python -m whypretrain.stages.claims --config {params.config:q} --threads {threads}"
        " --claims {input.claims} {params.tables} --input target_sizes {input.target_sizes}"
        " --out {output.claims} > {log} 2>&1"


rule joint:
    """Joint fine-tuning: runs, rankings, claims and figures, without interactions and invariances."""
    input:
        rules.select.input,
        rules.gather_runs.output,
        rules.decide_joint_claims.output,
        expand(rules.draw_figure.output, figure=made_by("joint")),
