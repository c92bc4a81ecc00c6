rule make_data:
    """One data set at the experiment's image size: pixels, a manifest row an image, a description."""
    output:
        data_at("{dataset}"),
    log:
        "<logs>/data/{dataset}.log",
    benchmark:
        "<benchmarks>/data/{dataset}.tsv"
    priority: 100  # what is wrong with the data is said before anything is trained
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        code=lambda wildcards: code("data", use=[config["datasets"][wildcards.dataset]["kind"]]),
        outside=lambda wildcards: outside("datasets", wildcards.dataset),
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
        [data_at(dataset) for dataset in DATA_SETS],
