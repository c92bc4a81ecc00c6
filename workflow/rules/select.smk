rule select_classes:
    """Source classes ranked for one target by every rule, with masses, diagnostics and the solver's certificate."""
    input:
        code=code("select"),
        source=f"<results>/features/{{architecture}}/{{seed}}/{SOURCE}.npz",
        target="<results>/features/{architecture}/{seed}/{target}.npz",
        data=data_at(SOURCE),
    output:
        table="<results>/select/{architecture}/{seed}/{target}.csv",
        certificate="<results>/select/{architecture}/{seed}/{target}.json",
    log:
        "<logs>/select/{architecture}-{seed}-{target}.log",
    benchmark:
        "<benchmarks>/select/{architecture}-{seed}-{target}.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        data=folder_of("data"),
        config=text(**config["select"], seed=config["seed"]),
    message:
        "select source classes for {wildcards.target} by {wildcards.architecture}, seed {wildcards.seed}"
    shell:
        "python -m whypretrain.stages.select --config {params.config:q} --threads {threads}"
        " --features {input.source} --target-features {input.target} --source-data {params.data}"
        " --target {wildcards.target} --architecture {wildcards.architecture} --seed {wildcards.seed}"
        " --out {output.table} > {log} 2>&1"


rule select:
    """All rankings of source classes."""
    input:
        expand(rules.select_classes.output, architecture=ARCHITECTURES, seed=SEEDS, target=TARGETS),
