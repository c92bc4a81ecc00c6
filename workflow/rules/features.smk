SHARDS = config["features"]["shards"]
FEATURES = text(**{key: value for key, value in config["features"].items() if key != "shards"})
FEATURES_OF_SHARD = "<results>/features/{architecture}/{seed}/shards/{scatteritem}.npz"


scattergather:
    features=SHARDS,


rule extract_features:
    """Frozen features of the source and of every target, and their class means, from one pre-trained model."""
    input:
        model=rules.pretrain_model.output[:2],
        data=[samples_at(dataset) for dataset in DATA_SETS],
        shards=gather.features(FEATURES_OF_SHARD, allow_missing=True) if SHARDS > 1 else [],
    output:
        expand("<results>/features/{{architecture}}/{{seed}}/{dataset}.npz", dataset=DATA_SETS),
    log:
        "<logs>/features/{architecture}-{seed}.log",
    benchmark:
        "<benchmarks>/features/{architecture}-{seed}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1500, runtime=30, gpu=GPU),
    params:
        code=code("features"),
        config=FEATURES,
        model=folder_of("model"),
        data=folders_of_samples,
        part=lambda wildcards, input: f"--shards {input.shards}" if input.shards else "",
        out=output_folder,
    message:
        "features of {wildcards.architecture}, seed {wildcards.seed}"
    shell:
        "python -m whypretrain.stages.features --config {params.config:q} --threads {threads}"
        " --model {params.model} --data {params.data} {params.part} --out {params.out} > {log} 2>&1"


# A part of the images; kept until all are gathered, so that a broken run lacks few of them.
use rule extract_features as extract_shard with:
    input:
        model=rules.pretrain_model.output[:2],
        data=[samples_at(dataset) for dataset in DATA_SETS],
    output:
        temp(FEATURES_OF_SHARD),
    log:
        "<logs>/features/{architecture}-{seed}-{scatteritem}.log",
    benchmark:
        "<benchmarks>/features/{architecture}-{seed}-{scatteritem}.tsv"
    params:
        code=code("features"),
        config=FEATURES,
        model=folder_of("model"),
        data=folders_of_samples,
        part="--shard {scatteritem}",
        out=lambda wildcards, output: output[0],
    message:
        "features of {wildcards.architecture}, seed {wildcards.seed}, shard {wildcards.scatteritem}"


rule features:
    """Features of all pre-trained models."""
    input:
        expand(rules.extract_features.output, architecture=ARCHITECTURES, seed=SEEDS),
