# Starts are compared by what fine-tuning makes of them.
if {Role.REFERENCE, Role.FINETUNE} <= set(ROLES) and not is_sampled(config):

    rule compare_starts:
        """One row a start: accuracy, cost, agreement, forgetting; k-NN and LogME; what predicts the accuracy."""
        input:
            features=expand(
                "<results>/features/{architecture}/{seed}/{target}.npz",
                architecture=ARCHITECTURES,
                seed=SEEDS,
                target=TARGETS,
            ),
            models=expand(rules.pretrain_model.output[1], architecture=ARCHITECTURES, seed=SEEDS),
            runs=rules.gather_runs.output.runs,
            across=rules.put_side_by_side.output,
            agreement=rules.analyse_interactions.output.agreement,
        output:
            starts="<results>/starts/table.csv",
            predictors="<results>/starts/predictors.csv",
        log:
            "<logs>/starts.log",
        benchmark:
            "<benchmarks>/starts.tsv"
        conda:
            "../../envs/cpu.yaml"
        resources:
            **needs(mem_mb=1000, runtime=10),
        params:
            code=code("starts"),
            config=text(
                probe=ROLES[Role.REFERENCE],
                finetune=ROLES[Role.FINETUNE],
                confidence=config["statistics"]["confidence"],
                seed=config["seed"],
            ),
            out=output_folder,
        message:
            "compare the starts"
        shell:
            "python -m whypretrain.stages.starts --config {params.config:q} --threads {threads}"
            " --features {input.features} --models {input.models} --runs {input.runs} --across {input.across}"
            " --agreement {input.agreement} --out {params.out} > {log} 2>&1"

    rule starts:
        """The table of starts, and what predicts their accuracy."""
        input:
            rules.compare_starts.output,

    TABLES |= {name: str(file) for name, file in rules.compare_starts.output.items()}
