rule fetch_weights:
    """Published weights, fetched once for all experiments, on the machine that starts the workflow."""
    output:
        [f"weights/{{library}}/{{name}}/{file}" for file in WEIGHTS],
    log:
        "weights/{library}/{name}/fetch.log",
    wildcard_constraints:
        library="[^/]+",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        out=output_folder,
    message:
        "fetch {wildcards.library}:{wildcards.name}"
    shell:
        "python -m whypretrain.stages.fetch_weights --checkpoint {wildcards.library}:{wildcards.name}"
        " --threads {threads} --out {params.out} > {log} 2>&1"


rule weights:
    """All published weights of the experiment."""
    input:
        [file for name in ARCHITECTURES for file in weights_of(name)],


rule pretrain_model:
    """One architecture trained on the source data, or a checkpoint of one's own brought into the same form."""
    input:
        data=lambda wildcards: source_of(wildcards.architecture),
        weights=lambda wildcards: weights_of(wildcards.architecture),
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
    threads: PROCESSES
    resources:
        **needs(mem_mb=1500 * PROCESSES, runtime=60, gpu=GPUS),
    params:
        code=lambda wildcards: code("pretrain", use=kind_of(config["models"][wildcards.architecture]["checkpoint"])),
        trainer=lambda wildcards: ("python" if config["models"][wildcards.architecture]["checkpoint"] else TRAINER),
        outside=lambda wildcards: outside("models", wildcards.architecture),
        data=folder_of("data"),
        weights=lambda wildcards, input: f"--weights {Path(input.weights[0]).parent}" if input.weights else "",
        fetched=lambda wildcards: hash_of_weights(*weights_of(wildcards.architecture)),
        without="" if SOURCE else "--without-source",
        out=output_folder,
        config=lambda wildcards: text(
            **{
                key: value
                for key, value in config["models"][wildcards.architecture].items()
                if key not in ("train", "published")
            },
            image=config["image"],
            recipe=config["pretrain"],
            seed=config["seed"],
        ),
    message:
        "pre-train {wildcards.architecture}, seed {wildcards.seed}"
    shell:
        "{params.trainer} -m whypretrain.stages.pretrain --config {params.config:q} --threads {threads}"
        " --data {params.data} {params.without} {params.weights} --seed {wildcards.seed} --out {params.out} > {log} 2>&1"


rule pretrain:
    """All pre-trained models."""
    input:
        expand(rules.pretrain_model.output, architecture=ARCHITECTURES, seed=SEEDS),
