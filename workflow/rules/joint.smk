# The tables of arXiv 2111.12292: what an experiment's methods and targets allow of them. With the target `joint` they are
# made from selection and training alone, without interactions and invariances.
RECIPES = [TRAIN["methods"][method] for method in METHODS]
JOINT = [given_recipe for given_recipe in RECIPES if given_recipe.get("source")]
WITH_BASELINE = {"finetune", config["figures"].get("joint", "joint_uot")} <= set(METHODS)
JOINT_FIGURES = {
    "main_table": WITH_BASELINE,
    "ablation": WITH_BASELINE and len({given_recipe["source"] for given_recipe in JOINT}) > 1,
    "sensitivity": WITH_BASELINE and any(given_recipe.get("source_classes") for given_recipe in JOINT),
    "target_sizes": WITH_BASELINE and bool(TARGET_VARIANTS),
    "tuning": bool(WITH_TRIALS),
    "duplicates": any(given_recipe.get("drop_duplicates") for given_recipe in JOINT),
}
JOINT_FIGURES = [name for name, drawn in JOINT_FIGURES.items() if drawn]


rule decide_joint_claims:
    """The paper's claims that runs and rankings decide; those of other tables are not testable here."""
    input:
        [files_of(name) for name in ("runs", "select")],
        code=code("claims"),
        claims="workflow/resources/claims.yaml",
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
    threads: 1
    resources:
        mem_mb=1000,
        runtime=3,
        page=1,
    params:
        config=text(**config["statistics"], seed=config["seed"]),
        tables=given(["runs", "select"]),
    message:
        "decide the claims of joint fine-tuning"
    shell:
        "python -m whypretrain.stages.claims --config {params.config:q} --threads {threads}"
        " --claims {input.claims} {params.tables} --input target_sizes {input.target_sizes}"
        " --out {output.claims} > {log} 2>&1"


rule draw_joint:
    """Main table, ablation, sensitivities and target sizes, those that the experiment's methods and targets allow."""
    input:
        code=code("joint_figures"),
        runs=rules.gather_runs.output.runs,
        target_sizes=rules.gather_runs.output.target_sizes,
        tuning=rules.gather_runs.output.tuning,
        published=f"{PUBLISHED}/uot_published.csv",
    output:
        expand("<results>/figures/{name}.{suffix}", name=JOINT_FIGURES, suffix=["png", "svg", "pdf", "csv"]),
    log:
        "<logs>/figures/joint.log",
    benchmark:
        "<benchmarks>/figures/joint.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=3,
        page=1,
    params:
        config=text(**config["figures"], confidence=config["statistics"]["confidence"]),
        names=JOINT_FIGURES,
        out=output_folder,
    message:
        "draw the tables of joint fine-tuning"
    shell:
        "python -m whypretrain.stages.joint_figures --config {params.config:q} --threads {threads}"
        " --names {params.names} --runs {input.runs} --target-sizes {input.target_sizes}"
        " --tuning {input.tuning} --published-uot {input.published} --out {params.out} > {log} 2>&1"


rule joint:
    """Joint fine-tuning: runs, rankings, claims and figures, without interactions and invariances."""
    input:
        rules.select.input,
        rules.gather_runs.output,
        rules.decide_joint_claims.output,
        rules.draw_joint.output,
