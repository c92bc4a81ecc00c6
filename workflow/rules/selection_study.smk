import csv

# The published selection study, from class means that the authors of arXiv 2111.12292 gave out. Not part of `all`.
STUDY = config.get("study", {})
AUTHORS = (
    "https://raw.githubusercontent.com/ziquanliu/NeurIPS2022_UOT_fine_tuning/"
    "97c0e610e4d141d2bb6c4f9f7d2d12e755ecc736"
)
STUDY_TABLES = ["top", "masses", "summary", "concepts", "overlap", "pretraining_overlap", "sensitivity"]
STUDY_FIGURES = ["masses", "overlap", "birds", "concepts"]

with open("workflow/resources/uot_class_means.csv") as listed:
    FETCHED = [f"results/class_means/{row['file']}" for row in csv.DictReader(listed)]

CLASS_MEANS = FETCHED
if folder := STUDY.get("class_means"):
    CLASS_MEANS = [f"{folder}/class_{kind}.pkl" for kind in ("path", "names", "concept")]
    CLASS_MEANS += sorted(map(str, Path(folder).glob("*/*/*.pkl")))


rule fetch_class_means:
    """The authors' class means at a pinned commit; every hash that is known is checked."""
    input:
        code=code("fetch_class_means"),
        files="workflow/resources/uot_class_means.csv",
    output:
        FETCHED,
    log:
        "results/class_means/fetch.log",
    benchmark:
        "results/class_means/fetch.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=30,
    params:
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
        code=code("selection_study"),
        means=CLASS_MEANS,
    output:
        **{name: f"<results>/selection_study/{name}.csv" for name in STUDY_TABLES},
    log:
        "<logs>/selection_study/tables.log",
    benchmark:
        "<benchmarks>/selection_study/tables.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        config=text(**{key: value for key, value in STUDY.items() if key != "class_means"}),
        means=lambda wildcards, input: os.path.commonpath(input.means),
        out=output_folder,
    message:
        "the published selection study"
    shell:
        "python -m whypretrain.stages.selection_study --config {params.config:q} --threads {threads}"
        " --class-means {params.means:q} --out {params.out} > {log} 2>&1"


rule draw_study:
    """Sorted masses, overlaps of rules, birds by setting and concepts of the study."""
    input:
        code=code("study_figures"),
        tables=rules.study_selection.output,
    output:
        expand(
            "<results>/selection_study/figures/study_{name}.{suffix}",
            name=STUDY_FIGURES,
            suffix=["png", "svg", "pdf", "csv"],
        ),
    log:
        "<logs>/selection_study/figures.log",
    benchmark:
        "<benchmarks>/selection_study/figures.tsv"
    conda:
        "../../envs/cpu.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=3,
        page=1,
    params:
        config=text(**config["figures"]),
        out=output_folder,
    message:
        "draw the selection study"
    shell:
        "python -m whypretrain.stages.study_figures --config {params.config:q} --threads {threads}"
        " --tables {input.tables} --out {params.out} > {log} 2>&1"


rule selection_study:
    """The published selection study: tables and figures."""
    input:
        rules.study_selection.output,
        rules.draw_study.output,
