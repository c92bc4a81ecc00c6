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


if OF_TEXT:

    rule tokenise:
        """Sentences of all data sets as the tokens of one model, and the word of each token: once for each tokenizer."""
        input:
            data=[data_at(dataset) for dataset in DATA_SETS],
            weights=lambda wildcards: weights_of(wildcards.architecture),
        output:
            sum(map(samples_at, DATA_SETS), []),
            "<results>/tokens/{architecture}/tokenizer.json",
        log:
            "<logs>/tokens/{architecture}.log",
        benchmark:
            "<benchmarks>/tokens/{architecture}.tsv"
        priority: 100  # what is wrong with the sentences is said before anything is trained
        conda:
            "../../envs/cpu.yaml"
        resources:
            **needs(mem_mb=1500, runtime=10),
        params:
            code=code("tokens"),
            outside=lambda wildcards: outside("models", wildcards.architecture),
            data=[at(f"data/{dataset}") for dataset in DATA_SETS],
            weights=lambda wildcards, input: f"--weights {Path(input.weights[0]).parent}" if input.weights else "",
            fetched=lambda wildcards: hash_of_weights(*weights_of(wildcards.architecture)),
            out=lambda wildcards, output: str(Path(output[-1]).parent),
            config=lambda wildcards: text(
                **{
                    key: value
                    for key, value in config["models"][wildcards.architecture].items()
                    if key in ("encoder", "checkpoint")
                },
            ),
        message:
            "tokens of {wildcards.architecture}"
        shell:
            "python -m whypretrain.stages.tokens --config {params.config:q} --threads {threads}"
            " --data {params.data} {params.weights} --out {params.out} > {log} 2>&1"


rule data:
    """All data sets of the experiment."""
    input:
        [data_at(dataset) for dataset in DATA_SETS],
