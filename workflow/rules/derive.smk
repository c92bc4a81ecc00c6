# Models of known answers, made from trained ones (docs/validity.md).
BASES = list(dict.fromkeys(base for method in DERIVED for base in bases_of(config, method)))


if DERIVED:

    rule derive_methods:
        """Models made from trained ones by changes whose effect is known: doses, and placebos that change no output."""
        input:
            target=samples_at("{target}"),
            model=rules.pretrain_model.output[:2],
            bases=[run_files(base, *MODEL) for base in BASES],
        output:
            models=[run_files(method, *MODEL) for method in DERIVED],
            more=[run_files(method, "history.csv", "metrics.json") for method in DERIVED],
        log:
            "<logs>/train/{target}-{architecture}-derived-{seed}.log",
        benchmark:
            "<benchmarks>/train/{target}-{architecture}-derived-{seed}.tsv"
        conda:
            "../../envs/cpu.yaml"
        resources:
            **needs(mem_mb=1500, runtime=30, gpu=GPU),
        params:
            code=code("derive_methods"),
            target=folder_of("target"),
            model=folder_of("model"),
            config=text(derived={method: derived_of(config, method) for method in DERIVED}, seed=config["seed"]),
            bases=[run_of(base) for base in BASES],
            out=[run_of(method) for method in DERIVED],
        message:
            "derive models: {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}"
        shell:
            "python -m whypretrain.stages.derive_methods --config {params.config:q} --threads {threads}"
            " --target {params.target} --pretrained {params.model} --bases {params.bases} --seed {wildcards.seed} --out {params.out} > {log} 2>&1"
