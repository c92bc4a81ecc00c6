rule make_data:
    """One data set at the experiment's image size: pixels, a manifest row an image, a description."""
    input:
        code=code("data"),
    output:
        data_at("{dataset}"),
    log:
        "<logs>/data/{dataset}.log",
    benchmark:
        "<benchmarks>/data/{dataset}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        out=output_folder,
        config=lambda wildcards: text(
            spec=config["datasets"][wildcards.dataset], image=config["image"], seed=config["seed"]
        ),
    message:
        "data set {wildcards.dataset}"
    shell:
        "python -m whypretrain.stages.data --config {params.config:q} --threads {threads}"
        " --name {wildcards.dataset} --out {params.out} > {log} 2>&1"


rule data:
    """All data sets of the experiment."""
    input:
        [data_at(dataset) for dataset in [SOURCE, *TARGETS]],
