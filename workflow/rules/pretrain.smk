rule pretrain_model:
    """One architecture trained on the source data, or a checkpoint of one's own brought into the same form."""
    input:
        code=code("pretrain"),
        data=data_at(SOURCE),
    output:
        model_at("pretrain/{architecture}/{seed}"),
        history="<results>/pretrain/{architecture}/{seed}/history.csv",
        metrics="<results>/pretrain/{architecture}/{seed}/metrics.json",
    log:
        "<logs>/pretrain/{architecture}-{seed}.log",
    benchmark:
        "<benchmarks>/pretrain/{architecture}-{seed}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: GPUS
    resources:
        mem_mb=1500 * GPUS,
        runtime=60,
        gpu=GPUS,
    params:
        trainer=lambda wildcards: (
            "python" if config["models"][wildcards.architecture].get("checkpoint") else TRAINER
        ),
        data=folder_of("data"),
        out=output_folder,
        config=lambda wildcards: text(
            **{
                key: value
                for key, value in config["models"][wildcards.architecture].items()
                if key != "train"
            },
            image=config["image"],
            recipe=config["pretrain"],
            seed=config["seed"],
        ),
    message:
        "pre-train {wildcards.architecture}, seed {wildcards.seed}"
    shell:
        "{params.trainer} -m whypretrain.stages.pretrain --config {params.config:q} --threads {threads}"
        " --data {params.data} --seed {wildcards.seed} --out {params.out} > {log} 2>&1"


rule pretrain:
    """All pre-trained models."""
    input:
        expand(rules.pretrain_model.output, architecture=ARCHITECTURES, seed=SEEDS),
