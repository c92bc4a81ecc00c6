rule pretrain_model:
    """One architecture trained on the source data, or a checkpoint of one's own brought into the same form."""
    input:
        code=code("pretrain"),
        data=data_at(SOURCE),
    output:
        model_at("pretrain/{architecture}/{seed}"),
        history=RESULTS + "/pretrain/{architecture}/{seed}/history.csv",
        metrics=RESULTS + "/pretrain/{architecture}/{seed}/metrics.json",
    log:
        RESULTS + "/logs/pretrain/{architecture}-{seed}.log",
    benchmark:
        RESULTS + "/benchmarks/pretrain/{architecture}-{seed}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=60,
        gpu=1,
    params:
        config=lambda wildcards: text(
            **config["models"][wildcards.architecture],
            image=config["image"],
            recipe=config["pretrain"],
            seed=config["seed"],
        ),
        out=RESULTS + "/pretrain/{architecture}/{seed}",
        data=f"{RESULTS}/data/{SOURCE}",
    message:
        "pre-train {wildcards.architecture}, seed {wildcards.seed}"
    shell:
        "{sys.executable} -m whypretrain.stages.pretrain --config {params.config:q} --threads {threads}"
        " --data {params.data} --seed {wildcards.seed} --out {params.out} > {log} 2>&1"


rule pretrain:
    """All pre-trained models."""
    input:
        expand(rules.pretrain_model.output, architecture=ARCHITECTURES, seed=SEEDS),
