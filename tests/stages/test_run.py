import argparse
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from whypretrain import provenance
from whypretrain.config.interactions import Scoring
from whypretrain.config.section import Seeded
from whypretrain.errors import InputError
from whypretrain.runtime import files
from whypretrain.stages._run import add_folders, named_folder, parser, run


def test_bad_input_is_one_line_and_status_2(capsys):
    def stage(arguments):
        raise InputError("photos/cat: no images; add some")

    with pytest.raises(SystemExit) as stop:
        run(stage, parser(None).parse_args([]))
    assert stop.value.code == 2
    assert capsys.readouterr().err == "error: photos/cat: no images; add some\n"


def test_bugs_keep_their_traceback():
    def stage(arguments):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(stage, parser(None).parse_args([]))


def test_a_stage_tells_how_long_it_computed(capsys):
    seen = []
    run(lambda arguments: seen.append(arguments.config), parser(None, Seeded).parse_args(["--config", '{"seed": 1}']))
    assert seen == [Seeded(seed=1)]
    assert capsys.readouterr().err.startswith("computed 0.")


WATCHED = """
import atexit, gc, runpy, sys


class Last:
    def __del__(self):
        print("taken apart", flush=True)


last = Last()

sys.argv[0] = "-m"
collections = []
gc.callbacks.append(lambda phase, _: collections.append(phase))
import whypretrain.stages.score

print(len(collections), flush=True)
atexit.register(print, "left")
runpy.run_module("whypretrain.stages.sizes", run_name="__main__", alter_sys=True)
"""


def test_a_stage_alone_in_its_process_collects_no_garbage_of_imports_and_takes_nothing_apart(tmp_path):
    files.write_json(tmp_path / "digits/data.json", {"counts": {"test": [3]}})
    options = ["--described", str(tmp_path / "digits/data.json"), "--out", str(tmp_path / "sizes.json")]
    options += ["--config", '{"needs": {}}']
    found = subprocess.run([sys.executable, "-c", WATCHED, *options], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    collections, *rest = found.stdout.splitlines()  # there are hundreds otherwise
    assert int(collections) < 10
    assert rest == ["left"]
    assert found.stderr.splitlines()[-1].startswith("computed ")
    assert files.read_json(tmp_path / "sizes.json") == {"digits": 3}


def test_a_stage_leaves_a_record_of_what_it_wrote_and_read(tmp_path):
    given, out = tmp_path / "in.csv", tmp_path / "out"
    files.write_table(given, pd.DataFrame({"a": [1]}))
    model = tmp_path / "model"
    files.write_json(model / "model.json", {})
    found = parser(None, Seeded)
    for name in ("--runs", "--models", "--seed"):
        found.add_argument(name, type=int if name == "--seed" else str)
    found.add_argument("--out", type=Path)

    def stage(arguments):
        files.write_json(out / "passing.json", {})
        (out / "passing.json").unlink()
        files.write_json(out / "result.json", {})

    command = ["--runs", str(given), "--models", f"probe={model}", "--seed", "3", "--out", str(out)]
    stage.__code__ = stage.__code__.replace(co_filename="stages/select.py")
    run(stage, found.parse_args([*command, "--config", '{"seed": 1}']))
    record = files.read_json(provenance.card_of(out / "result.json"))
    assert record["inputs"].keys() == {str(given), str(model / "model.json")}
    assert (record["stage"], record["arguments"]["seed"], record["config"]) == ("select", 3, {"seed": 1})
    assert [path.name for path in (out / ".provenance").iterdir()] == ["result.json.json"]


def test_a_stage_refuses_what_is_not_what_its_record_says(tmp_path, capsys):
    table = tmp_path / "runs.csv"
    files.write_table(table, pd.DataFrame({"a": [1]}))
    provenance.write_cards([table], {})
    table.write_text("a\n3\n")
    found = parser(None)
    found.add_argument("--runs", type=Path)
    with pytest.raises(SystemExit):
        run(lambda arguments: pytest.fail("the stage ran"), found.parse_args(["--runs", str(table)]))
    assert f"error: {table}: damaged or changed" in capsys.readouterr().err


@pytest.mark.parametrize("change", [lambda file: file.write_text("{} "), lambda file: file.unlink()])
def test_what_changes_or_vanishes_while_a_stage_reads_it_is_named(tmp_path, monkeypatch, capsys, change):
    monkeypatch.chdir(tmp_path)
    players = tmp_path / "players.json"
    players.write_text("{}")

    def stage(arguments):
        change(players)
        files.write_json("result.json", {})

    config = json.dumps({"player_file": str(players)})
    with pytest.raises(SystemExit) as stop:
        run(stage, parser(None, Scoring).parse_args(["--config", config]))
    assert stop.value.code == 2
    assert f"error: {players}: changed while it was read; run again" in capsys.readouterr().err
    assert not provenance.card_of("result.json").exists(), "no record vouches for it"


@pytest.mark.parametrize("text", ["name", "=folder", "name="])
def test_a_folder_without_a_name_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match=f"'{text}' must be NAME=FOLDER"):
        named_folder(text)


def test_a_name_given_twice_is_refused(capsys):
    found = parser(None)
    add_folders(found, "--models", "NAME=FOLDER")
    assert found.parse_args(["--models", "one=a", "two=b"]).models == {"one": Path("a"), "two": Path("b")}
    with pytest.raises(SystemExit) as stop:
        found.parse_args(["--models", "one=a", "one=b"])
    assert stop.value.code == 2
    assert "--models: one one: give distinct names" in capsys.readouterr().err
