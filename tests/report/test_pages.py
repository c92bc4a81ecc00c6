"""Pages that show results are what the kept tables make of their templates."""

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whypretrain.cli import main
from whypretrain.errors import InputError
from whypretrain.provenance import card_of
from whypretrain.report import studies
from whypretrain.report.markdown import STAGES, Study
from whypretrain.report.pages import filled, templates, waiting
from whypretrain.runtime.files import read_json, sha256, write_json, write_table

DOCS = Path(__file__).parents[2] / "docs"


def test_every_page_is_made_from_its_template():
    made = [name for name, template in templates(DOCS).items() if not waiting(template, DOCS)]
    assert "agreement" in made
    for name in made:
        assert (DOCS / f"{name}.md").read_text() == filled(name, templates(DOCS)[name], DOCS), (
            f"{name}: run `whypretrain docs`"
        )


@pytest.mark.parametrize("name", [path.parent.name for path in DOCS.glob(f"results/*/{studies.CARD}")])
def test_kept_tables_are_those_that_were_made(name):
    folder = DOCS / "results" / name
    about = read_json(folder / "study.json")
    assert all((DOCS.parent / config).is_file() for config in about["config"].split())
    assert studies.entries(DOCS)[name].config == about["config"]
    assert {path: sha256(folder / path) for path in about["sha256"]} == about["sha256"]
    files = {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    assert set(files) == {*about["sha256"], studies.COSTS, "study.json"}
    assert sum(files.values()) <= studies.LIMIT + 10_000


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with a study that ran: two methods, two seeds, two jobs that overlap by 5 s."""
    monkeypatch.chdir(tmp_path)
    runs = pd.DataFrame(
        {"method": ["probe", "probe", "finetune", "finetune"], "seed": [0, 1, 0, 1], "accuracy": [0.5, 0.7, 0.8, 0.8]}
    ).assign(target="cells")
    results = Path("results/mine")
    for path, table in {"train/runs.csv": runs, "claims.csv": pd.DataFrame({"id": ["a"]})}.items():
        write_table(results / path, table)
        write_json(card_of(results / path), {"sha256": sha256(results / path), "hardware": "a box", "versions": {}})
    for name, wall, cpu in (("train/a", 20, 30), ("train/b", 10, 5)):
        path = results / f"benchmarks/{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\tmax_rss\tcpu_time\n{wall}\t100\t{cpu}\n")
        end = {"train/a": 1020, "train/b": 1025}[name]
        os.utime(path, (end, end))
    Path("docs/pages").mkdir(parents=True)
    Path("docs/studies.yaml").write_text("mine: {config: config/mine.yaml}\n")
    Path("docs/pages/mine.md.j2").write_text(
        '{% set mine = study("mine") %}\n{{ mine.value("train/runs.csv", "accuracy", percent=true, method="probe") }}\n'
    )
    Path(".gitignore").write_text("/results/\n")
    Path("Snakefile").write_text("")
    for command in ("init -q", "add .", "-c user.name=a -c user.email=a@b commit -qm one"):
        subprocess.run(["git", *command.split()], check=True)
    return tmp_path


def test_a_number_goes_from_a_run_to_a_page(checkout, capsys):
    assert main(["docs", "--keep", "mine"]) == 0
    assert "60.0 [−67.1, 187.1]" in Path("docs/mine.md").read_text()  # t_1(0.975) = 12.706, s / sqrt(2) = 10
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    assert read_json("docs/results/mine/study.json")["commit"] == head
    assert "docs/results/mine/claims.csv" in capsys.readouterr().out


def test_a_page_waits_for_its_study_and_says_so(checkout, capsys):
    Path("docs/studies.yaml").write_text("mine: {config: config/mine.yaml}\nlater: {config: config/later.yaml}\n")
    Path("docs/pages/later.md.j2").write_text("{{ study('mine').made() }} {{ study('later').made() }}")
    studies.keep("mine", Path("results/mine"), Path("docs"))
    assert main(["docs"]) == 0
    told = capsys.readouterr()
    assert told.out == "docs/mine.md\n"
    assert told.err == (
        "later: left out, no tables of later are kept; run config/later.yaml, then `whypretrain docs --keep later`\n"
    )
    assert not Path("docs/later.md").exists()


def test_costs_count_overlapping_jobs_once(checkout):
    studies.keep("mine", Path("results/mine"), Path("docs"))
    [train, everything] = Study("mine", Path("docs")).rows("costs.csv").to_dict("records")
    assert train == {"stage": "train", "jobs": 2, "wall_s": 25.0, "core_s": 35.0, "memory_mb": 100.0}
    assert {**everything, "stage": "train"} == train


def test_a_table_has_the_mean_over_seeds_and_says_how_it_is_made(checkout):
    studies.keep("mine", Path("results/mine"), Path("docs"))
    study = Study("mine", Path("docs"))
    names = {"probe": "P"}
    grid = study.grid(
        "train/runs.csv", "accuracy", rows="method", columns="target", method=["finetune", "probe"], names=names
    )
    assert grid.splitlines()[2:4] == ["| finetune | 0.80 [0.80, 0.80] |", "| P | 0.60 [−0.67, 1.87] |"]
    assert "made by `snakemake --cores all train --configfile config/mine.yaml`; means" in grid


def test_tables_of_all_seeds_are_taken_together(checkout):
    for seed in (0, 1):
        layers = pd.DataFrame({"layer": ["a", "b"], "forgetting": [0.1 + seed / 10, 0.5], "seed": seed})
        write_table(f"results/mine/invariances/{seed}/layers.csv", layers)
    Path("docs/studies.yaml").write_text('mine: {config: config/mine.yaml, also: ["invariances/*/layers.csv"]}\n')
    studies.keep("mine", Path("results/mine"), Path("docs"))
    lines = Study("mine", Path("docs")).means("invariances/*/layers.csv", "layer", {"forgetting": "lost"}).splitlines()
    assert lines[0] == "| layer | lost |"
    assert lines[2] == "| a | 0.15 [−0.49, 0.79] |"  # t_1(0.975) = 12.706, s / sqrt(2) = 0.05
    assert lines[-1] == (
        "From [`invariances/*/layers.csv`](results/mine/invariances/0/layers.csv), made by `snakemake --cores all "
        "invariances --configfile config/mine.yaml`; means and 95 % intervals over 2 seeds."
    )
    Path("docs/studies.yaml").write_text('mine: {config: config/mine.yaml, also: ["invariances/*/none.csv"]}\n')
    with pytest.raises(InputError, match=r"none\.csv: not there"):
        studies.keep("mine", Path("results/mine"), Path("docs"))


def test_a_difference_is_paired_by_seed(checkout):
    studies.keep("mine", Path("results/mine"), Path("docs"))
    methods = {"of": {"method": "finetune"}, "minus": {"method": "probe"}}
    found = Study("mine", Path("docs")).difference("train/runs.csv", "accuracy", **methods, percent=True)
    assert found == "20.0 [−107.1, 147.1]"  # 30 and 10 points


def test_rows_have_their_bounds_and_words(checkout):
    studies.keep("mine", Path("results/mine"), Path("docs"))
    table = pd.DataFrame(
        {"what": ["a", "b"], "gain": [0.5, np.nan], "gain_low": [0.2, np.nan], "gain_high": [0.7, np.nan]}
    )
    write_table("docs/results/mine/gains.csv", table.assign(adds=[True, np.nan]))
    lines = Study("mine", Path("docs")).lines("gains.csv", {"what": "measure", "gain": "gain", "adds": "adds"})
    assert lines.splitlines()[2:4] == ["| a | 0.50 [0.20, 0.70] | yes |", "| b | – | – |"]


def test_what_cannot_be_kept_is_refused_and_leaves_nothing(checkout, monkeypatch):
    results, docs = Path("results/mine"), Path("docs")
    with pytest.raises(InputError, match=r"yours: no study in docs/studies\.yaml; there is mine"):
        studies.keep("yours", results, docs)
    monkeypatch.setattr(studies, "LIMIT", 100)
    with pytest.raises(InputError, match=r"100 at most; train/runs\.csv is the largest"):
        studies.keep("mine", results, docs)
    monkeypatch.undo()
    monkeypatch.chdir(checkout)
    Path("Snakefile").write_text("changed")
    with pytest.raises(InputError, match="1 files of its checkout are not as committed"):
        studies.keep("mine", results, docs)
    Path("Snakefile").write_text("")
    (results / "claims.csv").write_text("id\nb\n")
    with pytest.raises(InputError, match=r"claims\.csv: damaged or changed"):
        studies.keep("mine", results, docs)
    (results / "claims.csv").unlink()
    with pytest.raises(InputError, match=r"claims\.csv: not there; run config/mine.yaml to its end"):
        studies.keep("mine", results, docs)
    assert not list(Path("docs").glob("results/*"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('study("mine").value("train/runs.csv", "accuracy", method="x")', "no row where {'method': 'x'}"),
        ('study("mine").value("train/runs.csv", "accuracy", way="x")', "no column way; there is method"),
        ('study("yours").made()', "docs/results/yours/study.json: not a readable JSON file"),
        ("{{", "mine.md.j2: "),
    ],
)
def test_a_template_that_asks_for_what_is_not_there_is_named(checkout, call, message, capsys):
    studies.keep("mine", Path("results/mine"), Path("docs"))
    Path("docs/pages/mine.md.j2").write_text("{{ " + call + " }}")
    assert main(["docs"]) == 2
    assert message in capsys.readouterr().err
    assert main(["docs", "theirs"]) == 2
    assert "theirs: no template docs/pages/theirs.md.j2; there is mine" in capsys.readouterr().err


def test_the_commands_of_tables_name_rules_or_files(checkout):
    """What is no rule of the workflow is a target by its path."""
    studies.keep("mine", Path("results/mine"), Path("docs"))
    study = Study("mine", Path("docs"))
    rules = "".join(path.read_text() for path in (DOCS.parent / "workflow/rules").glob("*.smk"))
    assert all(re.search(rf"^ *rule {name}:", rules, re.MULTILINE) for name in STAGES)
    assert "`snakemake --cores all claims --configfile config/mine.yaml`" in study.source("claims.csv")
    by_path = "`snakemake --cores all results/mine/scale.csv --configfile config/mine.yaml`"
    assert by_path in study.source("scale.csv")
