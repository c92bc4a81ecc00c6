TRAIN = config["train"]
RUN = "train/{target}/{architecture}/{method}/{seed}"
PROBES = [method for method in METHODS if TRAIN["methods"][method].get("start") == "frozen"]
# Methods that one process trains in turn; every method that is not named in train.jobs has a job of its own.
NAMED = [[method for method in job if method in METHODS] for job in TRAIN["jobs"]]
JOBS = [job for job in NAMED if job]
JOBS += [[method] for method in METHODS if method not in [*PROBES, *sum(JOBS, [])]]


def recipe(method):
    """A method's recipe: the common one, with what the method changes."""
    return {**TRAIN["common"], **TRAIN["methods"][method]}


def uses_source(method):
    return bool(TRAIN["methods"][method].get("source"))


def run_files(method, *names):
    """Files of one method's run, the other wildcards left open."""
    return [f"{RESULTS}/{RUN}/{name}".replace("{method}", method) for name in names]


rule fit_probe:
    """A linear classifier on the frozen features of a pre-trained model: what pre-training alone knows of the target."""
    input:
        code=code("probe"),
        model=rules.pretrain_model.output[:2],
        features=RESULTS + "/features/{architecture}/{seed}/{target}.npz",
    output:
        [f"{RESULTS}/{RUN}/{name}" for name in ("model.safetensors", "model.json", "metrics.json")],
    log:
        RESULTS + "/logs/train/{target}-{architecture}-{method}-{seed}.log",
    benchmark:
        RESULTS + "/benchmarks/train/{target}-{architecture}-{method}-{seed}.tsv"
    wildcard_constraints:
        method="|".join(PROBES) or "no-probe",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        config=lambda wildcards: text(**TRAIN["methods"][wildcards.method], root_seed=config["seed"]),
        model=RESULTS + "/pretrain/{architecture}/{seed}",
        data=RESULTS + "/data/{target}",
        out=RESULTS + "/" + RUN,
    message:
        "{wildcards.method} of {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}"
    shell:
        "{sys.executable} -m whypretrain.stages.probe --config {params.config:q} --threads {threads}"
        " --features {input.features} --pretrained {params.model} --data {params.data}"
        " --target {wildcards.target} --architecture {wildcards.architecture} --method {wildcards.method}"
        " --seed {wildcards.seed} --out {params.out} > {log} 2>&1"


for job in JOBS:

    rule:
        name:
            f"train_{job[0]}"
        input:
            code=code("train"),
            model=rules.pretrain_model.output[:2],
            target=data_at("{target}"),
            source=data_at(SOURCE) if any(map(uses_source, job)) else [],
            selection=rules.select_classes.output.table if any(map(uses_source, job)) else [],
        output:
            models=[run_files(method, "model.safetensors", "model.json") for method in job],
            more=[
                run_files(method, "history.csv", "metrics.json", "checkpoints.safetensors") for method in job
            ],
        log:
            RESULTS + "/logs/train/{target}-{architecture}-" + job[0] + "-{seed}.log",
        benchmark:
            RESULTS + "/benchmarks/train/{target}-{architecture}-" + job[0] + "-{seed}.tsv"
        conda:
            "../../envs/cpu.yaml"
        threads: 1
        resources:
            mem_mb=1500,
            runtime=60,
            gpu=1,
        params:
            config=text(recipes={method: recipe(method) for method in job}, seed=config["seed"]),
            model=RESULTS + "/pretrain/{architecture}/{seed}",
            target=RESULTS + "/data/{target}",
            source=f"--source {RESULTS}/data/{SOURCE}" if any(map(uses_source, job)) else "",
            selection=(
                f"--selection {rules.select_classes.output.table}" if any(map(uses_source, job)) else ""
            ),
            out=[f"{method}={RESULTS}/{RUN}".replace("{method}", method) for method in job],
        message:
            "train "
            + ", ".join(job)
            + ": {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}"
        shell:
            "{sys.executable} -m whypretrain.stages.train --config {params.config:q} --threads {threads}"
            " --target {params.target} --pretrained {params.model} {params.source} {params.selection}"
            " --seed {wildcards.seed} --out {params.out} > {log} 2>&1"


rule gather_runs:
    """One row a run: accuracy of every training method, and the training curves."""
    input:
        code=code("runs"),
        metrics=expand(
            f"{RESULTS}/{RUN}/metrics.json",
            target=TARGETS,
            architecture=ARCHITECTURES,
            method=METHODS,
            seed=SEEDS,
        ),
        history=expand(
            f"{RESULTS}/{RUN}/history.csv",
            target=TARGETS,
            architecture=ARCHITECTURES,
            method=[method for method in METHODS if method not in PROBES],
            seed=SEEDS,
        ),
    output:
        runs=RESULTS + "/train/runs.csv",
        history=RESULTS + "/train/history.csv",
    log:
        RESULTS + "/logs/train/runs.log",
    benchmark:
        RESULTS + "/benchmarks/train/runs.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        out=RESULTS + "/train",
    message:
        "gather the training runs"
    shell:
        "{sys.executable} -m whypretrain.stages.runs --threads {threads}"
        " --metrics {input.metrics} --out {params.out} > {log} 2>&1"


rule train:
    """All models on the targets, and the table of their accuracies."""
    input:
        rules.gather_runs.output,
