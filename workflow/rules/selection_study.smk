import csv

from whypretrain.config.selection import Study

# The published selection study, from class means that the authors of arXiv 2111.12292 gave out. Not part of `all`.
STUDY = config["study"] or Study().plain()
AUTHORS = (
    "https://raw.githubusercontent.com/ziquanliu/NeurIPS2022_UOT_fine_tuning/"
    "97c0e610e4d141d2bb6c4f9f7d2d12e755ecc736"
)
STUDY_TABLES = ["top", "masses", "summary", "concepts", "overlap", "pretraining_overlap", "sensitivity"]

with open(f"{RESOURCES}/uot_class_means.csv") as listed:
    FETCHED = [f"results/class_means/{row['file']}" for row in csv.DictReader(listed)]


rule fetch_class_means:
    """The authors' class means at a pinned commit; every hash that is known is checked."""
    input:
        files=f"{RESOURCES}/uot_class_means.csv",
    output:
        FETCHED,
    log:
        "results/class_means/fetch.log",
    benchmark:
        "results/class_means/fetch.tsv"
    localrule: True
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=500, runtime=30),
    params:
        code=code("fetch_class_means"),
        address=AUTHORS,
        out=output_folder,
    message:
        "fetch the authors' class means"
    shell:
        "python -m whypretrain.stages.fetch_class_means --threads {threads} --files {input.files}"
        " --address {params.address} --out {params.out} > {log} 2>&1"


rule study_selection:
    """Lists, masses, concepts, overlaps and sensitivities of every backbone and target that there are class means of."""
    input:
        means=[] if STUDY["class_means"] else FETCHED,
    output:
        **{name: f"<results>/selection_study/{name}.csv" for name in STUDY_TABLES},
    log:
        "<logs>/selection_study/tables.log",
    benchmark:
        "<benchmarks>/selection_study/tables.tsv"
    conda:
        "../../envs/cpu.yaml"
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        code=code("selection_study", use=STUDY["rules"]),
        config=text(**{**STUDY, "class_means": STUDY["class_means"] or "results/class_means"}),
        outside=outside("study"),
        out=output_folder,
    message:
        "the published selection study"
    shell:
        "python -m whypretrain.stages.selection_study --config {params.config:q} --threads {threads}"
        " --out {params.out} > {log} 2>&1"


TABLES |= {f"study_{name}": str(rules.study_selection.output[name]) for name in STUDY_TABLES}


rule selection_study:
    """The published selection study: tables and figures."""
    input:
        rules.study_selection.output,
        expand(rules.draw_figure.output, figure=STUDY_FIGURES),
