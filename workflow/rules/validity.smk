from whypretrain.config.derived import interventions

CHANGES = interventions(config, ROLES.get(Role.FINETUNE))
VALIDITY_TABLES = [name for name in ("agreement", "controls", "permutation_null", "layers") if name in TABLES]


if CHANGES and len(VALIDITY_TABLES) == 4 and Role.REFERENCE in ROLES:

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

    rule validity:
        """What the metrics say of changes whose effect is known."""
        input:
            rules.measure_validity.output,
