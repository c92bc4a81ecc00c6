SHARDS = config["features"].get("shards", 1)
FEATURES = text(**{key: value for key, value in config["features"].items() if key != "shards"})


scattergather:
    features=SHARDS,


rule extract_shard:
    """A part of the features that extract_features gathers; kept until then, so that a broken run lacks few of them."""
    input:
        code=code("features"),
        model=rules.pretrain_model.output[:2],
        data=rules.data.input,
    output:
        temp("<results>/features/{architecture}/{seed}/shards/{scatteritem}.npz"),
    log:
        "<logs>/features/{architecture}-{seed}-{scatteritem}.log",
    benchmark:
        "<benchmarks>/features/{architecture}-{seed}-{scatteritem}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
        gpu=1,
    params:
        config=FEATURES,
        model=folder_of("model"),
        data=[at(f"data/{dataset}") for dataset in [SOURCE, *TARGETS]],
    message:
        "features of {wildcards.architecture}, seed {wildcards.seed}, shard {wildcards.scatteritem}"
    shell:
        "python -m whypretrain.stages.features --config {params.config:q} --threads {threads}"
        " --model {params.model} --data {params.data} --shard {wildcards.scatteritem} --out {output} > {log} 2>&1"


rule extract_features:
    """Frozen features of the source and of every target, and their class means, from one pre-trained model."""
    input:
        code=code("features"),
        model=rules.pretrain_model.output[:2],
        data=rules.data.input,
        shards=gather.features(rules.extract_shard.output, allow_missing=True) if SHARDS > 1 else [],
    output:
        expand("<results>/features/{{architecture}}/{{seed}}/{dataset}.npz", dataset=[SOURCE, *TARGETS]),
    log:
        "<logs>/features/{architecture}-{seed}.log",
    benchmark:
        "<benchmarks>/features/{architecture}-{seed}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
        gpu=1,
    params:
        config=FEATURES,
        model=folder_of("model"),
        data=[at(f"data/{dataset}") for dataset in [SOURCE, *TARGETS]],
        shards=lambda wildcards, input: f"--shards {input.shards}" if input.shards else "",
        out=output_folder,
    message:
        "features of {wildcards.architecture}, seed {wildcards.seed}"
    shell:
        "python -m whypretrain.stages.features --config {params.config:q} --threads {threads}"
        " --model {params.model} --data {params.data} {params.shards} --out {params.out} > {log} 2>&1"


rule features:
    """Features of all pre-trained models."""
    input:
        expand(rules.extract_features.output, architecture=ARCHITECTURES, seed=SEEDS),
