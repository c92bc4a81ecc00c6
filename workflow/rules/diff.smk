# Models that were trained elsewhere, next to the pre-trained model that they come from.
DIFFED = [method for method in IMPORTED if method in CLASSIFIERS and Role.REFERENCE in ROLES]


rule compare_with_start:
    """What differs between an imported model and the pre-trained one: weights by block, predictions by image."""
    input:
        target=samples_at("{target}"),
        pretrained=rules.pretrain_model.output[:2],
        probe=run_files(ROLES.get(Role.REFERENCE, "none"), *MODEL),
        model=[f"<results>/{RUN}/{name}" for name in MODEL],
    output:
        weights="<results>/diff/{target}/{architecture}/{method}/{seed}/weights.csv",
        images="<results>/diff/{target}/{architecture}/{method}/{seed}/images.csv",
    log:
        "<logs>/diff/{target}-{architecture}-{method}-{seed}.log",
    benchmark:
        "<benchmarks>/diff/{target}-{architecture}-{method}-{seed}.tsv"
    wildcard_constraints:
        method="|".join(DIFFED) or "no-import",
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1500, runtime=30, gpu=GPU),
    params:
        code=code("diff"),
        config=text(seed=config["seed"]),
        target=folder_of("target"),
        pretrained=folder_of("pretrained"),
        probe=folder_of("probe"),
        model=folder_of("model"),
        out=output_folder,
    message:
        "compare {wildcards.method} of {wildcards.architecture} with its start, seed {wildcards.seed}"
    shell:
        "python -m whypretrain.stages.diff --config {params.config:q} --threads {threads}"
        " --target {params.target} --pretrained {params.pretrained} --start {params.probe} --model {params.model}"
        " --method {wildcards.method} --seed {wildcards.seed} --out {params.out} > {log} 2>&1"


RUNS_OF = dict(target=TARGETS, architecture=ARCHITECTURES, method=DIFFED, seed=SEEDS)
DIFFERENCES = {
    f"changed_{name}": expand(file, **RUNS_OF) for name, file in rules.compare_with_start.output.items() if DIFFED
}
