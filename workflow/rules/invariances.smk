# The probe shares the pre-trained model's blocks, so it has no invariances of its own.
TUNED = [method for method in METHODS if method not in PROBES]
TUNED = [method for method in TUNED if method in (config["invariances"]["methods"] or TUNED)]
# Tokens cannot be inverted: of text, layers are compared by CKA alone.
COMPARED_BY_CKA, TUNED = (TUNED, []) if OF_TEXT else ([], TUNED)
INVARIANCES = {
    key: value
    for key, value in config["invariances"].items()
    if key not in ("corruptions", "corrupted", "pilot_images", "methods")
}
INVERTED_NEIGHBOURS = [method for method in NEIGHBOURS if method in TUNED]
SCHEDULE = ("steps", "step_size", "decay", "batch_size")
# Those of them that are looked at along their training.
FOLLOWED = [method for method in TUNED if method in [*INVARIANCES["dynamics"], *INVARIANCES["own_start"]]]


use rule check_scored_sizes as check_inverted_sizes with:
    output:
        "<results>/invariances/sizes.json",
    log:
        "<logs>/invariances/sizes.log",
    benchmark:
        "<benchmarks>/invariances/sizes.tsv"
    params:
        code=code("sizes"),
        config=text(needs={"invariances.images": INVARIANCES["images"]}),


rule measure_invariances:
    """Identically represented inputs of every model, STIR and CKA between them, layer by layer, with controls."""
    input:
        data=data_at("{target}"),
        pretrained=rules.pretrain_model.output[:2],
        models=[run_files(method, *MODEL) for method in TUNED],
        starts=lambda wildcards: starts(INVERTED_NEIGHBOURS, wildcards),
        checkpoints=[run_files(method, CHECKPOINTS) for method in FOLLOWED],
        sizes=rules.check_inverted_sizes.output,
    output:
        layers="<results>/invariances/{target}/{architecture}/{seed}/layers.csv",
        flow="<results>/invariances/{target}/{architecture}/{seed}/flow.csv",
        dynamics="<results>/invariances/{target}/{architecture}/{seed}/dynamics.csv",
        pictures="<results>/invariances/{target}/{architecture}/{seed}/pictures.npz",
    log:
        "<logs>/invariances/{target}-{architecture}-{seed}.log",
    benchmark:
        "<benchmarks>/invariances/{target}-{architecture}-{seed}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1500, runtime=60, gpu=GPU),
    params:
        code=code("invariances"),
        config=text(**INVARIANCES, seed=config["seed"]),
        data=folder_of("data"),
        pretrained=folder_of("pretrained"),
        models=[run_of(method) for method in TUNED],
        starts=lambda wildcards: " ".join(
            ["--starts" if INVERTED_NEIGHBOURS else ""]
            + [f"{method}={at(start_of(method, wildcards))}" for method in INVERTED_NEIGHBOURS]
        ),
        out=output_folder,
    message:
        "invariances: {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}"
    shell:
        "python -m whypretrain.stages.invariances --config {params.config:q} --threads {threads}"
        " --data {params.data} --target {wildcards.target} --architecture {wildcards.architecture}"
        " --pretrained {params.pretrained}"
        " --seed {wildcards.seed} --models {params.models} {params.starts}"
        " --out {params.out} > {log} 2>&1"


ALONG = [method for method in TUNED if method in INVARIANCES["dynamics"]]
ROBUSTNESS = {}
CORRUPTED = config["invariances"]["corrupted"]  # published data sets, by target
if ALONG and (CORRUPTED or config["invariances"]["corruptions"]):

    rule measure_robustness:
        """Accuracy on corrupted images at every checkpoint, and how it goes with uneven forgetting over the layers."""
        input:
            data=data_at("{target}"),
            corrupted=lambda wildcards: (data_at(CORRUPTED[wildcards.target]) if wildcards.target in CORRUPTED else []),
            dynamics=rules.measure_invariances.output.dynamics,
            models=[run_files(method, *MODEL, CHECKPOINTS) for method in ALONG],
        output:
            robustness="<results>/invariances/{target}/{architecture}/{seed}/robustness.csv",
            corrupted="<results>/invariances/{target}/{architecture}/{seed}/corrupted.csv",
        log:
            "<logs>/invariances/{target}-{architecture}-{seed}-robustness.log",
        benchmark:
            "<benchmarks>/invariances/{target}-{architecture}-{seed}-robustness.tsv"
        conda:
            "../../envs/cpu.yaml"
        resources:
            **needs(mem_mb=1500, runtime=60, gpu=GPU),
        params:
            code=code("robustness"),
            config=text(
                corruptions=config["invariances"]["corruptions"],
                accuracy_images=INVARIANCES["accuracy_images"],
                seed=config["seed"],
            ),
            data=folder_of("data"),
            models=[run_of(method) for method in ALONG],
            corrupted=lambda wildcards: (
                f"--corrupted {at('data')}/{CORRUPTED[wildcards.target]}" if wildcards.target in CORRUPTED else ""
            ),
            out=output_folder,
        message:
            "robustness: {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}"
        shell:
            "python -m whypretrain.stages.robustness --config {params.config:q} --threads {threads}"
            " --data {params.data} --target {wildcards.target} --architecture {wildcards.architecture}"
            " --seed {wildcards.seed} --dynamics {input.dynamics} --models {params.models}"
            " {params.corrupted} --out {params.out} > {log} 2>&1"

    ROBUSTNESS = {
        name: expand(rules.measure_robustness.output[name], target=TARGETS, architecture=ARCHITECTURES, seed=SEEDS)
        for name in ("robustness", "corrupted")
    }


DIVERGENCE = []
if COMPARED_BY_CKA:

    rule measure_layers:
        """CKA divergence of every layer of the models tuned on text from the pre-trained one, with its chance level."""
        input:
            data=samples_at("{target}"),
            pretrained=rules.pretrain_model.output[:2],
            models=[run_files(method, *MODEL) for method in COMPARED_BY_CKA],
            sizes=rules.check_inverted_sizes.output,
        output:
            "<results>/invariances/{target}/{architecture}/{seed}/divergence.csv",
        log:
            "<logs>/invariances/{target}-{architecture}-{seed}-layers.log",
        benchmark:
            "<benchmarks>/invariances/{target}-{architecture}-{seed}-layers.tsv"
        conda:
            "../../envs/cpu.yaml"
        resources:
            **needs(mem_mb=1500, runtime=10, gpu=GPU),
        params:
            code=code("layers"),
            config=text(images=INVARIANCES["images"], seed=config["seed"]),
            data=folder_of("data"),
            pretrained=folder_of("pretrained"),
            models=[run_of(method) for method in COMPARED_BY_CKA],
            out=output_folder,
        message:
            "layers by CKA: {wildcards.architecture} on {wildcards.target}, seed {wildcards.seed}"
        shell:
            "python -m whypretrain.stages.layers --config {params.config:q} --threads {threads}"
            " --data {params.data} --target {wildcards.target} --architecture {wildcards.architecture}"
            " --pretrained {params.pretrained} --seed {wildcards.seed} --models {params.models}"
            " --out {params.out} > {log} 2>&1"

    DIVERGENCE = expand(rules.measure_layers.output, target=TARGETS, architecture=ARCHITECTURES, seed=SEEDS)


rule invariances:
    """All invariance tables."""
    input:
        DIVERGENCE,
        expand(
            rules.measure_invariances.output,
            target=TARGETS if TUNED else [],
            architecture=ARCHITECTURES,
            seed=SEEDS,
        ),
        sum(ROBUSTNESS.values(), []),


rule pilot_inversions:
    """What the schedules of inversion leave unfinished in a pre-trained network of the first seed. Not part of `all`."""
    input:
        data=data_at("{target}"),
        pretrained=model_at(f"pretrain/{{architecture}}/{SEEDS[0]}"),
    output:
        "<results>/pilot/{target}/{architecture}/pilot.csv",
    log:
        "<logs>/pilot/{target}-{architecture}.log",
    benchmark:
        "<benchmarks>/pilot/{target}-{architecture}.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1500, runtime=60, gpu=GPU),
    params:
        code=code("pilot"),
        config=text(
            **{key: value for key, value in INVARIANCES.items() if key in SCHEDULE},
            pilot_images=config["invariances"]["pilot_images"],
            seed=config["seed"],
        ),
        data=folder_of("data"),
        pretrained=folder_of("pretrained"),
        out=output_folder,
    message:
        "pilot of inversions: {wildcards.architecture} on {wildcards.target}"
    shell:
        "python -m whypretrain.stages.pilot --config {params.config:q} --threads {threads}"
        " --data {params.data} --target {wildcards.target} --pretrained {params.pretrained}"
        " --out {params.out} > {log} 2>&1"


rule pilot:
    """Pilots of every target and architecture."""
    input:
        expand(rules.pilot_inversions.output, target=[] if OF_TEXT else TARGETS, architecture=ARCHITECTURES),
