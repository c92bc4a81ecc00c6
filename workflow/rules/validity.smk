from whypretrain.config.derived import interventions

CHANGES = interventions(config, ROLES.get(Role.FINETUNE))
VALIDITY_TABLES = ["agreement", "controls", "permutation_null", "divergence" if OF_TEXT else "layers"]


if CHANGES and set(VALIDITY_TABLES) <= set(TABLES) and Role.REFERENCE in ROLES:

    rule measure_validity:
        """How every metric answers to changes whose effect is known."""
        input:
            [files_of(name) for name in VALIDITY_TABLES],
        output:
            validity="<results>/validity.csv",
            summary="<results>/validity_summary.csv",
        log:
            "<logs>/validity.log",
        benchmark:
            "<benchmarks>/validity.tsv"
        conda:
            "../../envs/cpu.yaml"
        resources:
            **needs(mem_mb=1000, runtime=3, page=1),
        params:
            code=code("validity"),
            config=text(
                **config["statistics"],
                changes=CHANGES,
                reference=ROLES[Role.REFERENCE],
                scratch=ROLES.get(Role.SCRATCH),
            ),
            tables=given(VALIDITY_TABLES),
        message:
            "measure the metrics"
        shell:
            "python -m whypretrain.stages.validity --config {params.config:q} --threads {threads}"
            " {params.tables} --out {output.validity} --summary {output.summary} > {log} 2>&1"

    TABLES["validity"] = str(rules.measure_validity.output.validity)
    TABLES["validity_summary"] = str(rules.measure_validity.output.summary)


if (
    SOURCE
    and {config["datasets"][name]["kind"] for name in [SOURCE, *TARGETS]} == {"planted"}
    and Role.REFERENCE in ROLES
):

    rule look_for_planted:
        """Whether a planted effect is found in its place, and called kept or discarded rightly."""
        input:
            source=data_at(SOURCE),
            targets=[data_at(target) for target in TARGETS],
            scores=expand(rules.score_coalitions.output, target=TARGETS, architecture=ARCHITECTURES, seed=SEEDS),
        output:
            "<results>/planted.csv",
        log:
            "<logs>/planted.log",
        benchmark:
            "<benchmarks>/planted.tsv"
        conda:
            "../../envs/cpu.yaml"
        resources:
            **needs(mem_mb=1000, runtime=3, page=1),
        params:
            code=code("planted"),
            config=text(reference=ROLES[Role.REFERENCE], threshold=ANALYSIS["threshold"]),
            source=folder_of("source"),
            targets=[at(f"data/{target}") for target in TARGETS],
        message:
            "look for the planted effect"
        shell:
            "python -m whypretrain.stages.planted --config {params.config:q} --threads {threads}"
            " --source {params.source} --targets {params.targets} --scores {input.scores} --out {output} > {log} 2>&1"

    TABLES["planted"] = str(rules.look_for_planted.output)


if known_answers := [TABLES[name] for name in ("validity", "validity_summary", "planted") if name in TABLES]:

    rule validity:
        """What the metrics say about changes and effects that are known."""
        input:
            known_answers,
