from whypretrain.config.interaction_checks import is_sampled
from whypretrain.interactions.registry import available

SCORE = {key: value for key, value in config["interactions"]["score"].items() if key != "shards"}
SCORE_SHARDS = config["interactions"]["score"]["shards"]
VARIANTS = config["interactions"]["variants"]
ANALYSIS = config["interactions"]["analysis"]
REFERENCES = [method for method in ANALYSIS["references"] if method in CLASSIFIERS]
# Variants score what the table of sensitivities compares.
COMPARED = [*REFERENCES, *(ROLES.get(role) for role in (Role.REFERENCE, Role.FINETUNE, Role.SCRATCH))]
COMPARED = [method for method in CLASSIFIERS if method in COMPARED]
INTERACTION_TABLES = available(ROLES, CLASSIFIERS, sampled=is_sampled(config))
SCORES_OF_SHARD = "<results>/interactions/{target}/{architecture}/{seed}/{scatteritem}.npz"
VARIED = {**SCORE, "dynamics": [], "controls": []}


scattergather:
    scores=SCORE_SHARDS,


# Test images that keys of the config ask for.
SCORED = {
    "score": SCORE,
    **{f"variants.{name}": own for name, own in VARIANTS.items() if "samples" in own},
}


rule check_scored_sizes:
    """Whether the targets have as many test images as are scored: once they are made, before any training on them."""
    input:
        [f"<results>/data/{dataset}/{DATA_CARD}" for dataset in TARGETS],
    output:
        "<results>/interactions/sizes.json",
    log:
        "<logs>/interactions/sizes.log",
    benchmark:
        "<benchmarks>/interactions/sizes.tsv"
    priority: 100
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=500, runtime=3),
    params:
        code=code("sizes"),
        config=text(needs={f"interactions.{place}.samples": score["samples"] for place, score in SCORED.items()}),
    message:
        "check the sizes of {input}"
    shell:
        "python -m whypretrain.stages.sizes --config {params.config:q} --threads {threads}"
        " --described {input} --out {output} > {log} 2>&1"


rule score_coalitions:
    """Masked log-odds of every model on all coalitions of the same players of the same images: the costly part."""
    input:
        data=samples_at("{target}"),
        models=[run_files(method, *MODEL) for method in CLASSIFIERS],
        checkpoints=[run_files(method, CHECKPOINTS) for method in SCORE["dynamics"] if method in METHODS],
        controls=CONTROL_FILES,
        sizes=rules.check_scored_sizes.output,
        shards=gather.scores(SCORES_OF_SHARD, allow_missing=True) if SCORE_SHARDS > 1 else [],
    output:
        update("<results>/interactions/{target}/{architecture}/{seed}.npz"),
    log:
        "<logs>/interactions/{target}-{architecture}-{seed}.log",
    benchmark:
        "<benchmarks>/interactions/{target}-{architecture}-{seed}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1500, runtime=60, gpu=GPU),
    params:
        code=code("score"),
        config=scoring(SCORE),
        outside=outside("interactions", "score"),
        data=folder_of("data"),
        models=[run_of(method) for method in CLASSIFIERS],
        controls=CONTROL_ARGUMENTS,
        part=lambda wildcards, input: f"--shards {input.shards}" if input.shards else "",
    message:
        "score coalitions: {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}"
    shell:
        "python -m whypretrain.stages.score --config {params.config:q} --threads {threads}"
        " --data {params.data} --target {wildcards.target} --architecture {wildcards.architecture}"
        " --seed {wildcards.seed} --models {params.models} {params.controls} {params.part} --out {output} > {log} 2>&1"


# A part of the images; earlier scores of the same weights are kept.
use rule score_coalitions as score_shard with:
    input:
        data=rules.score_coalitions.input.data,
        models=rules.score_coalitions.input.models,
        checkpoints=rules.score_coalitions.input.checkpoints,
        controls=CONTROL_FILES,
        sizes=rules.check_scored_sizes.output,
    output:
        temp(SCORES_OF_SHARD),
    log:
        "<logs>/interactions/{target}-{architecture}-{seed}-{scatteritem}.log",
    benchmark:
        "<benchmarks>/interactions/{target}-{architecture}-{seed}-{scatteritem}.tsv"
    params:
        code=code("score"),
        config=scoring(SCORE),
        outside=outside("interactions", "score"),
        data=folder_of("data"),
        models=[run_of(method) for method in CLASSIFIERS],
        controls=CONTROL_ARGUMENTS,
        part=f"--shard {{scatteritem}} --earlier {at('interactions/{target}/{architecture}/{seed}.npz')}",
    message:
        "score coalitions: {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}, shard {wildcards.scatteritem}"


use rule score_coalitions as score_variant with:
    input:
        data=samples_at("{target}"),
        models=[run_files(method, *MODEL) for method in COMPARED],
        sizes=rules.check_scored_sizes.output,
    output:
        update("<results>/interactions/variants/{variant}/{target}/{architecture}/{seed}.npz"),
    log:
        "<logs>/interactions/{variant}-{target}-{architecture}-{seed}.log",
    benchmark:
        "<benchmarks>/interactions/{variant}-{target}-{architecture}-{seed}.tsv"
    params:
        code=code("score"),
        config=lambda wildcards: scoring({**VARIED, **VARIANTS[wildcards.variant]}),
        outside=lambda wildcards: [
            outside("interactions", "score"),
            outside("interactions", "variants", wildcards.variant),
        ],
        data=folder_of("data"),
        models=[run_of(method) for method in COMPARED],
        controls="",
        part="",
    message:
        "score coalitions, {wildcards.variant}: {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}"


VARIANT_SCORES = {
    name: expand(rules.score_variant.output, variant=name, target=TARGETS, architecture=ARCHITECTURES, seed=SEEDS)
    for name in (VARIANTS if "sensitivity" in INTERACTION_TABLES else [])
}


rule analyse_interactions:
    """Effects from the cached scores: what was preserved, discarded and new, per order, with its controls."""
    input:
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
    resources:
        **needs(mem_mb=1000, runtime=3, page=1),
    params:
        code=code("interactions"),
        config=text(**{**ANALYSIS, "references": REFERENCES}, roles=ROLES),
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
