SELECT = {key: value for key, value in config["select"].items() if key != "clusters"}


rule select_classes:
    """Source classes ranked for one target by every rule, with masses, diagnostics and the solver's certificate."""
    input:
        source=f"<results>/features/{{architecture}}/{{seed}}/{SOURCE}.npz",
        target="<results>/features/{architecture}/{seed}/{target}.npz",
        data=f"<results>/data/{SOURCE}/{DATA_CARD}",
    output:
        table="<results>/select/{architecture}/{seed}/{target}.csv",
        certificate="<results>/select/{architecture}/{seed}/{target}.json",
    log:
        "<logs>/select/{architecture}-{seed}-{target}.log",
    benchmark:
        "<benchmarks>/select/{architecture}-{seed}-{target}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        code=code("select", use=SELECT["rules"]),
        data=folder_of("data"),
        clusters="",
        config=text(**SELECT, seed=config["seed"]),
    message:
        "select source classes for {wildcards.target} by {wildcards.architecture}, seed {wildcards.seed}"
    shell:
        "python -m whypretrain.stages.select --config {params.config:q} --threads {threads}"
        " --features {input.source} {params.clusters} --target-features {input.target} --source-data {params.data}"
        " --target {wildcards.target} --architecture {wildcards.architecture} --seed {wildcards.seed}"
        " --out {output.table} > {log} 2>&1"


if clusters := config["select"]["clusters"]:

    rule cluster_source:
        """Source images grouped by their features, where the source is taken to have no labels."""
        input:
            source=f"<results>/features/{{architecture}}/{{seed}}/{SOURCE}.npz",
        output:
            "<results>/select/{architecture}/{seed}/clusters.npz",
        log:
            "<logs>/select/{architecture}-{seed}-clusters.log",
        benchmark:
            "<benchmarks>/select/{architecture}-{seed}-clusters.tsv"
        conda:
            "../../envs/cpu.yaml"
        resources:
            **needs(mem_mb=1500, runtime=10),
        params:
            code=code("cluster"),
            config=text(**{key: value for key, value in clusters.items() if key != "chosen"}, seed=config["seed"]),
        message:
            "cluster the source by {wildcards.architecture}, seed {wildcards.seed}"
        shell:
            "python -m whypretrain.stages.cluster --config {params.config:q} --threads {threads}"
            " --features {input.source} --out {output} > {log} 2>&1"

    use rule select_classes as select_clusters with:
        input:
            source=rules.select_classes.input.source,
            target=rules.select_classes.input.target,
            data=f"<results>/data/{SOURCE}/{DATA_CARD}",
            clusters=rules.cluster_source.output,
        output:
            table="<results>/select/{architecture}/{seed}/clusters/{target}.csv",
            certificate="<results>/select/{architecture}/{seed}/clusters/{target}.json",
        log:
            "<logs>/select/{architecture}-{seed}-{target}-clusters.log",
        benchmark:
            "<benchmarks>/select/{architecture}-{seed}-{target}-clusters.tsv"
        params:
            code=code("select", use=SELECT["rules"]),
            data=folder_of("data"),
            config=text(**{**SELECT, "classes": clusters["chosen"]}, seed=config["seed"]),
            clusters=lambda wildcards, input: f"--clusters {input.clusters}",
        message:
            "select source clusters for {wildcards.target} by {wildcards.architecture}, seed {wildcards.seed}"


rule select:
    """All rankings of source classes."""
    input:
        expand(rules.select_classes.output, architecture=ARCHITECTURES, seed=SEEDS, target=RANKED),
