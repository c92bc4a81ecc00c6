import json


rule plan:
    """What the experiment costs, stage by stage, from nothing: jobs, operations, GPU hours, disk, memory. Runs nothing."""
    log:
        "<logs>/plan.log",
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    params:
        config=json.dumps(config),
    message:
        "plan of {config[experiment]}"
    shell:
        "python workflow/tools/plan.py {params.config:q} 2>&1 | tee {log}"
