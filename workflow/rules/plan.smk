import json


rule plan:
    """What the experiment costs, stage by stage, from nothing: jobs, operations, GPU hours, disk, memory; which claims it can decide. Runs nothing."""
    log:
        "<logs>/plan.log",
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    params:
        config=json.dumps(config),
        tables=[*JOINT_TABLES, "target_sizes"] if config["plan"]["target"] == "joint" else [*CLAIM_TABLES, "scale"],
        tool=HOME / "workflow/tools/plan.py",
    message:
        "plan of {config[experiment]}"
    shell:
        "python {params.tool} {params.config:q} --tables {params.tables} 2>&1 | tee {log}"
