# Models trained to reconstruct have a place among the invariances alone.
CLASSIFIERS = [method for method in METHODS if recipe(method).get("task", CLASSIFIES) == CLASSIFIES]
IMPORTED = [method for method in METHODS if is_imported(config, method)]
DERIVED = [method for method in METHODS if derived_of(config, method)]
PROBES = [method for method in METHODS if TRAIN["methods"][method].get("start") == "frozen"]
# Methods that start from a model trained on another target; in jobs of their own, so that no two wait for each other.
NEIGHBOURS = [method for method in METHODS if isinstance(TRAIN["methods"][method].get("start"), dict)]
WITH_TRIALS = [method for method in METHODS if method not in PROBES and recipe(method).get("tune")]
# Methods that one process trains in turn; every method that is not named in train.jobs has a job of its own.
NAMED = [[method for method in job if method in METHODS] for job in TRAIN["jobs"]]
JOBS = [job for job in NAMED if job]
JOBS += [[method] for method in METHODS if method not in [*PROBES, *IMPORTED, *DERIVED, *sum(JOBS, [])]]


# Variants of a target, small or long-tailed, and the target that they are of.
ORIGINS = {target: config["datasets"][target]["variant_of"] for target in TARGETS}
TARGET_VARIANTS = {target: origin for target, origin in ORIGINS.items() if origin}

# Controls that are trained, next to the methods.
CONTROLS = [name for name in config["interactions"]["score"]["controls"] if name != REINITIALISED]
CONTROL_ARGUMENTS = " ".join(["--controls", *map(run_of, CONTROLS)]) if CONTROLS else ""
CONTROL_FILES = [file for name in CONTROLS for file in run_files(name, *MODEL)]


rule fit_probe:
    """A linear classifier on the frozen features of a pre-trained model: what pre-training alone knows of the target."""
    input:
        data=f"<results>/data/{{target}}/{DATA_CARD}",
        model=rules.pretrain_model.output[:2],
        features="<results>/features/{architecture}/{seed}/{target}.npz",
    output:
        [f"<results>/{RUN}/{name}" for name in (*MODEL, "metrics.json")],
    log:
        "<logs>/train/{target}-{architecture}-{method}-{seed}.log",
    benchmark:
        "<benchmarks>/train/{target}-{architecture}-{method}-{seed}.tsv"
    wildcard_constraints:
        method="|".join(PROBES) or "no-probe",
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        code=code("probe"),
        config=lambda wildcards: text(
            method=probe_of(config, wildcards.method, wildcards.architecture, wildcards.target),
            seed=config["seed"],
        ),
        data=folder_of("data"),
        model=folder_of("model"),
        out=output_folder,
    message:
        "{wildcards.method} of {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}"
    shell:
        "python -m whypretrain.stages.probe --config {params.config:q} --threads {threads}"
        " --features {input.features} --data {params.data} --pretrained {params.model}"
        " --target {wildcards.target} --architecture {wildcards.architecture} --method {wildcards.method}"
        " --seed {wildcards.seed} --out {params.out} > {log} 2>&1"


rule import_method:
    """A model that was trained elsewhere, with its head and the checkpoints of its training, as one of the methods."""
    input:
        target=samples_at("{target}"),
        model=rules.pretrain_model.output[:2],
    output:
        [f"<results>/{RUN}/{name}" for name in (*MODEL, "metrics.json", "history.csv", CHECKPOINTS)],
    log:
        "<logs>/train/{target}-{architecture}-{method}-{seed}.log",
    benchmark:
        "<benchmarks>/train/{target}-{architecture}-{method}-{seed}.tsv"
    wildcard_constraints:
        method="|".join(IMPORTED) or "no-import",
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1500, runtime=30, gpu=GPU),
    params:
        code=lambda wildcards: code("import_method", use=kind_of(imported_of(config, wildcards.method)["weights"])),
        config=lambda wildcards: text(
            **imported_of(config, **wildcards), normalised=is_normalised(config, wildcards.architecture)
        ),
        outside=lambda wildcards: outside(
            "train", "methods", wildcards.method, wildcards.target, wildcards.architecture, wildcards.seed
        ),
        target=folder_of("target"),
        model=folder_of("model"),
        out=output_folder,
    message:
        "import {wildcards.method} of {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}"
    shell:
        "python -m whypretrain.stages.import_method --config {params.config:q} --threads {threads}"
        " --target {params.target} --pretrained {params.model} --method {wildcards.method}"
        " --seed {wildcards.seed} --out {params.out} > {log} 2>&1"


for job in JOBS:

    rule:
        """Models of one architecture and seed on one target, by the methods of one job in turn."""
        name:
            f"train_{job[0]}"
        input:
            model=rules.pretrain_model.output[:2],
            target=samples_at("{target}"),
            start=lambda wildcards, job=job: starts(job, wildcards),
            source=samples_at(SOURCE) if any(map(uses_source, job)) else [],
            selection=rules.select_classes.output.table if any(map(uses_source, job)) else [],
            clusters=(
                [rules.cluster_source.output, rules.select_clusters.output.table]
                if any(map(uses_clusters, job))
                else []
            ),
        output:
            models=[run_files(method, *MODEL) for method in job],
            more=[run_files(method, "history.csv", "metrics.json", CHECKPOINTS) for method in job],
            tuning=[run_files(method, "tuning.csv") for method in job if method in WITH_TRIALS],
        log:
            f"<logs>/train/{{target}}-{{architecture}}-{job[0]}-{{seed}}.log",
        benchmark:
            f"<benchmarks>/train/{{target}}-{{architecture}}-{job[0]}-{{seed}}.tsv"
        conda:
            "../../envs/cpu.yaml"
        threads: PROCESSES
        resources:
            **needs(mem_mb=1500 * PROCESSES, runtime=60, gpu=GPUS),
        params:
            code=code("train"),
            trainer=TRAINER,
            target=folder_of("target"),
            model=folder_of("model"),
            config=lambda wildcards, job=job: text(
                recipes={method: recipe(method, wildcards) for method in job},
                seed=config["seed"],
            ),
            start=lambda wildcards, input: f"--start {Path(input.start[0]).parent}" if input.start else "",
            source=source_samples if any(map(uses_source, job)) else "",
            selection=(f"--selection {rules.select_classes.output.table}" if any(map(uses_source, job)) else ""),
            clusters=(
                f"--clusters {rules.cluster_source.output} --cluster-selection {rules.select_clusters.output.table}"
                if any(map(uses_clusters, job))
                else ""
            ),
            out=[run_of(method) for method in job],
        message:
            "train " + ", ".join(job) + ": {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}"
        shell:
            "{params.trainer} -m whypretrain.stages.train --config {params.config:q} --threads {threads}"
            " --target {params.target} --pretrained {params.model}"
            " {params.start} {params.source} {params.selection} {params.clusters} --seed {wildcards.seed} --out {params.out} > {log} 2>&1"


if CONTROLS:

    rule fit_controls:
        """Controls of what fine-tuning keeps: linear probes on an untrained backbone, and after a sham fine-tuning."""
        input:
            model=rules.pretrain_model.output[:2],
            target=samples_at("{target}"),
            source=samples_at(SOURCE) if SHAM in CONTROLS else [],
        output:
            models=CONTROL_FILES,
            metrics=[run_files(name, "metrics.json") for name in CONTROLS],
        log:
            "<logs>/train/{target}-{architecture}-controls-{seed}.log",
        benchmark:
            "<benchmarks>/train/{target}-{architecture}-controls-{seed}.tsv"
        conda:
            "../../envs/cpu.yaml"
        resources:
            **needs(mem_mb=1500, runtime=30, gpu=GPU),
        params:
            code=code("controls"),
            target=folder_of("target"),
            model=folder_of("model"),
            config=lambda wildcards: text(
                recipe=recipe(ROLES[Role.FINETUNE], wildcards) if SHAM in CONTROLS else None,
                seed=config["seed"],
            ),
            source=source_samples if SHAM in CONTROLS else "",
            out=[run_of(name) for name in CONTROLS],
        message:
            "controls of {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}"
        shell:
            "python -m whypretrain.stages.controls --config {params.config:q} --threads {threads}"
            " --target {params.target} --pretrained {params.model} {params.source} --seed {wildcards.seed}"
            " --out {params.out} > {log} 2>&1"


rule gather_runs:
    """One row a run: accuracy of every training method, and the training curves."""
    input:
        pretrained=expand(rules.pretrain_model.output.metrics, architecture=ARCHITECTURES, seed=SEEDS),
        metrics=expand(
            f"<results>/{RUN}/metrics.json",
            target=TARGETS,
            architecture=ARCHITECTURES,
            method=CLASSIFIERS,
            seed=SEEDS,
        ),
        history=expand(
            f"<results>/{RUN}/history.csv",
            target=TARGETS,
            architecture=ARCHITECTURES,
            method=[method for method in CLASSIFIERS if method not in PROBES],
            seed=SEEDS,
        ),
        tuning=expand(
            f"<results>/{RUN}/tuning.csv",
            target=TARGETS,
            architecture=ARCHITECTURES,
            method=WITH_TRIALS,
            seed=SEEDS,
        ),
    output:
        runs="<results>/train/runs.csv",
        pretraining="<results>/train/pretraining.csv",
        history="<results>/train/history.csv",
        tuning="<results>/train/tuning.csv",
        target_sizes="<results>/train/target_sizes.csv",
    log:
        "<logs>/train/runs.log",
    benchmark:
        "<benchmarks>/train/runs.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1000, runtime=3, page=1),
    params:
        code=code("runs"),
        config=text(variants=TARGET_VARIANTS, baseline=ROLES.get(Role.FINETUNE)),
        out=output_folder,
    message:
        "gather the training runs"
    shell:
        "python -m whypretrain.stages.runs --config {params.config:q} --threads {threads}"
        " --metrics {input.metrics} --pretrained {input.pretrained} --out {params.out} > {log} 2>&1"


rule train:
    """All models on the targets, and the table of their accuracies."""
    input:
        rules.gather_runs.output,
        expand(CONTROL_FILES, target=TARGETS, architecture=ARCHITECTURES, seed=SEEDS),
