"""Reading tables and writing figures: clear errors, and the same bytes every time."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from inspect import signature
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from whypretrain.config import check
from whypretrain.errors import InputError
from whypretrain.figures import FIGURES, Settings, drawing, drawn, tables
from whypretrain.figures.conditions import CONDITIONS
from whypretrain.stages import figure as stage

ROOT = Path(__file__).parents[2]
SUFFIXES = ("png", "svg", "pdf", "csv")


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_a_module_drawn_from_known_tables_under_known_conditions(name):
    figure = FIGURES[name]
    assert list(signature(import_module(f"whypretrain.figures.{name}").draw).parameters) == ["given", "settings"]
    assert {*figure.tables, *figure.also} <= {*tables.COLUMNS, *drawing.OTHERS}
    assert set(figure.when) <= set(CONDITIONS)
    assert len(figure.alt) > 30
    assert figure.caption
    assert figure.published


@pytest.mark.parametrize("name", [name for name in FIGURES if not {"images", "imported"} & set(FIGURES[name].when)])
def test_captions_speak_of_the_samples_that_there_are(name):
    told = FIGURES[name].told("sentence"), FIGURES[name].told("image")
    for text in (*(getattr(told[0], key) for key in ("title", "caption", "alt")), told[1].caption):
        assert "{" not in text
    if "patches" not in name and not {"target", "source"} & {*FIGURES[name].when, FIGURES[name].target}:
        assert "masked images" not in told[0].caption


def test_reading_the_list_loads_no_library_of_figures_and_models():
    heavy = "{'torch', 'matplotlib', 'pandas'} & set(sys.modules)"
    code = f"import sys; from whypretrain.figures import drawn; sys.exit(str({heavy}) if {heavy} else 0)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("change", "left_out", "needs"),
    [
        (("grid", "methods", ["probe", "finetune"]), {"scratch_ratio", "scratch_gap", "joint_knowledge", "ablation"},
         "from scratch"),
        (("grid", "methods", ["scratch"]), {"knowledge", "flow", "patches", "dynamics"}, "fine-tuning"),
        (("grid", "methods", ["probe"]), {"layers", "across", "inversions"}, "trains"),
        (("invariances", "dynamics", []), {"dynamics"}, "invariances.dynamics"),
        (("report", "pictures", False), {"patches", "inversions"}, "report.pictures"),
    ],
)  # fmt: skip
def test_figures_are_left_out_where_an_experiment_has_nothing_to_draw_them_from(change, left_out, needs):
    config = yaml.safe_load((ROOT / "config/default.yaml").read_text())
    section, key, value = change
    before, config[section][key] = drawn(check(config)), value
    assert left_out <= set(before) - set(drawn(check(config)))
    assert any(needs in FIGURES[name].needs for name in left_out)


@pytest.mark.parametrize("name", ["knowledge", "flow", *(name for name in FIGURES if FIGURES[name].target)])
def test_the_same_tables_give_the_same_bytes(name, given_to, tmp_path):
    given = {key: table.query("seed == 0") if "seed" in table else table for key, table in given_to(name).items()}
    for folder in ("a", "b"):
        drawing.save(*drawing.draw(name, given, Settings(resamples=50, columns="one")), tmp_path / folder / name)
    for suffix in SUFFIXES:
        first, second = ((tmp_path / folder / f"{name}.{suffix}").read_bytes() for folder in ("a", "b"))
        assert first == second
        assert len(first) > 100


def test_stage_reads_several_files_and_writes_four(given, tmp_path):
    for seed, part in given["layers"].groupby("seed"):
        part.to_csv(tmp_path / f"{seed}.csv", index=False)
    paths = [str(tmp_path / f"{seed}.csv") for seed in (0, 1, 2)]
    out = tmp_path / "figures" / "layers"
    stage.main(["--name", "layers", "--config", "{}", "--input", "layers", *paths, "--out", str(out)])
    assert sorted(path.name for path in out.parent.glob("layers.*")) == sorted(f"layers.{s}" for s in SUFFIXES)
    found = pd.read_csv(f"{out}.csv")
    mean = given["layers"].query("model == 'scratch' and layer == 2 and estimator == 'biased'")
    mean = mean.groupby(["architecture", "target"])["learning"].mean()
    row = found.query("model == 'scratch' and layer == 2 and metric == 'learning' and target == 'letters'")
    assert row.set_index("architecture")["estimate"]["vit"] == pytest.approx(mean["vit", "letters"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--name", "accuracy"], "needs the table runs"),
        (["--name", "accuracy", "--input", "walks", "x.csv"], "--input walks: no such table"),
        (["--name", "accuracy", "--input", "runs", "missing.csv"], "missing.csv: not a readable table"),
        (["--name", "pie"], "no such figure"),
        (["--name", "accuracy", "--config", json.dumps({"colour": 1})], "unknown key 'colour' in --config"),
    ],
)
def test_bad_command_lines_end_in_one_line_and_leave_nothing(arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as exit:
        stage.main([*arguments, "--out", str(tmp_path / "figure")])
    assert exit.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_table_without_a_column_names_file_and_column(given, tmp_path):
    given["runs"].drop(columns="method").to_csv(tmp_path / "runs.csv", index=False)
    with pytest.raises(InputError, match=r"runs\.csv: not a runs table, no column method"):
        drawing.read({"runs": [tmp_path / "runs.csv"]})


def test_a_table_without_rows_says_so(given, tmp_path):
    given["runs"].head(0).to_csv(tmp_path / "runs.csv", index=False)
    with pytest.raises(InputError, match=r"runs\.csv: the runs table has no row"):
        drawing.read({"runs": [tmp_path / "runs.csv"]})


@pytest.mark.parametrize(
    "arrays",
    [{"finetune": np.zeros((2, 3, 1, 4, 4))}, {"images": np.zeros((3, 1, 4, 4))},
     {"images": np.zeros((3, 1, 4, 4)), "finetune": np.zeros((2, 2, 1, 4, 4))}],
    ids=["no images", "no model", "shapes differ"],
)  # fmt: skip
def test_broken_pictures_name_the_file(arrays, tmp_path):
    np.savez(tmp_path / "pictures.npz", **arrays)
    with pytest.raises(InputError, match=r"pictures\.npz: .* run the invariances stage again"):
        drawing.read({"pictures": [tmp_path / "pictures.npz"]})


def test_a_broken_archive_of_scores_is_named(tmp_path):
    np.savez(tmp_path / "0.npz", owner=np.zeros((1, 2, 2)))
    with pytest.raises(InputError, match=r"0\.npz: not an archive of scores .* run the score stage again"):
        drawing.read({"players": [tmp_path / "0.npz"]})


def test_selection_shows_a_picture_of_each_class(given, tmp_path):
    data = pytest.importorskip("whypretrain.data")
    classes = given["select"].drop_duplicates("class_index").sort_values("class_index")
    count = len(classes)
    images = np.arange(2 * count, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 8, 8), np.uint8)
    manifest = pd.DataFrame({
        "id": [f"{i}" for i in range(2 * count)], "split": ["train"] * count + ["test"] * count,
        "label": [*range(count)] * 2, "class_name": [*classes["class_name"]] * 2,
        "concept": [*classes["concept"]] * 2, "origin": "x",
    })  # fmt: skip
    data.save(data.ImageSet(images, manifest), tmp_path / "glyphs")
    both = {**given, **drawing.read({"source_data": [tmp_path / "glyphs"]})}
    drawn, shown = drawing.draw("selection", both, Settings(top=4))
    first_axis = next(axis for axis in drawn.findobj(lambda part: hasattr(part, "get_images")))
    pictures = [int(image.get_array()[0, 0]) for image in first_axis.get_images()]
    assert pictures == shown["class_index"].head(4).tolist()
