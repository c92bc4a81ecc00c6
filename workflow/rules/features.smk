rule extract_features:
    """Frozen features of the source and of every target, and their class means, from one pre-trained model."""
    input:
        code=code("features"),
        model=rules.pretrain_model.output[:2],
        data=rules.data.input,
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
        config=text(**config["features"]),
        model=folder_of("model"),
        data=[at(f"data/{dataset}") for dataset in [SOURCE, *TARGETS]],
        out=output_folder,
    message:
        "features of {wildcards.architecture}, seed {wildcards.seed}"
    shell:
        "python -m whypretrain.stages.features --config {params.config:q} --threads {threads}"
        " --model {params.model} --data {params.data} --out {params.out} > {log} 2>&1"


rule features:
    """Features of all pre-trained models."""
    input:
        expand(rules.extract_features.output, architecture=ARCHITECTURES, seed=SEEDS),
