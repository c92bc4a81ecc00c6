SCORE = {key: value for key, value in config["interactions"]["score"].items() if key != "shards"}
SCORE_SHARDS = config["interactions"]["score"].get("shards", 1)
VARIANTS = config["interactions"]["variants"]
ANALYSIS = config["interactions"]["analysis"]
# Variants score what the table of sensitivities compares.
COMPARED = [ANALYSIS["reference"], *ANALYSIS.get("references", []), ANALYSIS["finetune"], ANALYSIS["scratch"]]
COMPARED = [method for method in CLASSIFIERS if method in COMPARED]
SCORES_OF_SHARD = "<results>/interactions/{target}/{architecture}/{seed}/{scatteritem}.npz"
VARIED = {**SCORE, "dynamics": [], "reinitialised": False}


scattergather:
    scores=SCORE_SHARDS,


rule score_coalitions:
    """Masked log-odds of every model on all coalitions of the same players of the same images: the costly part."""
    input:
        code=code("score"),
        data=data_at("{target}"),
        models=[run_files(method, "model.safetensors", "model.json") for method in CLASSIFIERS],
        checkpoints=[
            run_files(method, "checkpoints.safetensors") for method in SCORE["dynamics"] if method in METHODS
        ],
        shards=gather.scores(SCORES_OF_SHARD, allow_missing=True) if SCORE_SHARDS > 1 else [],
    output:
        update("<results>/interactions/{target}/{architecture}/{seed}.npz"),
    log:
        "<logs>/interactions/{target}-{architecture}-{seed}.log",
    benchmark:
        "<benchmarks>/interactions/{target}-{architecture}-{seed}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
        gpu=1,
    params:
        config=scoring(SCORE),
        data=folder_of("data"),
        models=[run_of(method) for method in CLASSIFIERS],
        part=lambda wildcards, input: f"--shards {input.shards}" if input.shards else "",
    message:
        "score coalitions: {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}"
    shell:
        "python -m whypretrain.stages.score --config {params.config:q} --threads {threads}"
        " --data {params.data} --target {wildcards.target} --architecture {wildcards.architecture}"
        " --seed {wildcards.seed} --models {params.models} {params.part} --out {output} > {log} 2>&1"


# A part of the images; earlier scores of the same weights are kept.
use rule score_coalitions as score_shard with:
    input:
        code=code("score"),
        data=rules.score_coalitions.input.data,
        models=rules.score_coalitions.input.models,
        checkpoints=rules.score_coalitions.input.checkpoints,
    output:
        temp(SCORES_OF_SHARD),
    log:
        "<logs>/interactions/{target}-{architecture}-{seed}-{scatteritem}.log",
    benchmark:
        "<benchmarks>/interactions/{target}-{architecture}-{seed}-{scatteritem}.tsv"
    params:
        config=scoring(SCORE),
        data=folder_of("data"),
        models=[run_of(method) for method in CLASSIFIERS],
        part=f"--shard {{scatteritem}} --earlier {at('interactions/{target}/{architecture}/{seed}.npz')}",
    message:
        "score coalitions: {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}, shard {wildcards.scatteritem}"


use rule score_coalitions as score_variant with:
    input:
        code=code("score"),
        data=data_at("{target}"),
        models=[run_files(method, "model.safetensors", "model.json") for method in COMPARED],
    output:
        update("<results>/interactions/variants/{variant}/{target}/{architecture}/{seed}.npz"),
    log:
        "<logs>/interactions/{variant}-{target}-{architecture}-{seed}.log",
    benchmark:
        "<benchmarks>/interactions/{variant}-{target}-{architecture}-{seed}.tsv"
    params:
        config=lambda wildcards: scoring({**VARIED, **VARIANTS[wildcards.variant]}),
        data=folder_of("data"),
        models=[run_of(method) for method in COMPARED],
        part="",
    message:
        "score coalitions, {wildcards.variant}: {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}"


VARIANT_SCORES = {
    name: expand(
        rules.score_variant.output, variant=name, target=TARGETS, architecture=ARCHITECTURES, seed=SEEDS
    )
    for name in VARIANTS
}
INTERACTION_TABLES = [
    "knowledge",
    "similarity",
    "dynamics",
    "sparsity",
    "matching",
    "salient",
    "sensitivity",
    "controls",
    "strongest",
]


rule analyse_interactions:
    """Effects from the cached scores: what was preserved, discarded and new, per order, with its controls."""
    input:
        code=code("interactions"),
        scores=expand(rules.score_coalitions.output, target=TARGETS, architecture=ARCHITECTURES, seed=SEEDS),
        variants=list(VARIANT_SCORES.values()),
    output:
        **{name: f"<results>/interactions/{name}.csv" for name in INTERACTION_TABLES},
    log:
        "<logs>/interactions/analysis.log",
    benchmark:
        "<benchmarks>/interactions/analysis.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=3,
        page=1,
    params:
        config=text(**ANALYSIS),
        out=output_folder,
        variants=[f"--variant {name} {' '.join(paths)}" for name, paths in VARIANT_SCORES.items()],
    message:
        "analyse interactions"
    shell:
        "python -m whypretrain.stages.interactions --config {params.config:q} --threads {threads}"
        " --scores {input.scores} {params.variants} --out {params.out} > {log} 2>&1"


rule interactions:
    """All interaction tables."""
    input:
        rules.analyse_interactions.output,
