"""Ways to start the workflow: from another folder, by make, with files whose text is faulty."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from checkout import ROOT, Checkout


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """An empty folder with a config whose name has a blank."""
    folder = tmp_path_factory.mktemp("else where")
    shutil.copy(ROOT / "config/smoke.yaml", folder / "my file.yaml")
    return folder


def started(folder, *arguments):
    """A dry run by the Snakefile of this checkout."""
    command = ["python", "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder), "-n"]
    environment = Checkout(ROOT, origin=None).environment
    return subprocess.run([*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def test_another_folder_may_be_run_in(elsewhere):
    run = started(elsewhere, "--configfile", "my file.yaml")
    assert run.returncode == 0, run.stderr
    assert "write_report" in run.stdout + run.stderr


def test_a_key_given_twice_is_named_before_anything_runs(elsewhere):
    path = elsewhere / "twice.yaml"
    path.write_text("experiment: twice\ntrain: {gpus: 0}\nseed: 1\ntrain: {common: {steps: 3}}\n")
    run = started(elsewhere, "--configfile", "twice.yaml")
    assert run.returncode != 0
    assert "twice.yaml: train is given twice, in lines 2 and 4; keep one" in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    assert not (elsewhere / "results").exists()


def test_without_pictures_no_figure_is_given_images(elsewhere):
    """Nor is the report, whose single samples are made from what it is given."""
    shown, private = ROOT / "config/smoke.yaml", elsewhere / "private.yaml"
    private.write_text(shown.read_text() + "report: {pictures: false}\n")
    graphs = Checkout(ROOT, origin=None).graphs(shown, private)
    with_pictures, without = (
        {
            rule: {Path(file).name for job in graph if job["rule"] == rule for file in job["input"]}
            for rule in ("draw_figure", "write_report")
        }
        for graph in graphs
    )
    assert {"images.npy", "pictures.npz"} <= with_pictures["draw_figure"]
    assert {"images.npy", "pictures.npz", "0.npz", "strongest.csv"} <= with_pictures["write_report"]
    assert not [name for given in without.values() for name in given if name.endswith((".npy", ".npz"))]


def test_without_kept_inversions_nothing_asks_for_them(elsewhere):
    """`pictures: 0` leaves out the figure of inversions and the part of the report that shows them."""
    config, none_kept = yaml.safe_load((ROOT / "config/smoke.yaml").read_text()), elsewhere / "none_kept.yaml"
    config["invariances"] = {**config.get("invariances", {}), "pictures": 0}
    none_kept.write_text(yaml.safe_dump(config))
    readers = [
        {job["rule"] for job in graph for file in job["input"] if file.endswith("pictures.npz")}
        for graph in Checkout(ROOT, origin=None).graphs(ROOT / "config/smoke.yaml", none_kept)
    ]
    assert readers == [{"draw_figure", "write_report"}, set()]


def test_make_passes_a_file_name_with_blanks_on_whole():
    command = ["make", "--dry-run", "--always-make", "CONFIG=my file.yaml", "run", "record"]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert {'whypretrain run "my file.yaml" --cores all', 'whypretrain record "my file.yaml"'} <= set(lines)


def test_no_example_puts_a_target_behind_config_files():
    """Snakemake would take the target for a further file."""
    places = [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("config/**/*.yaml"),
        *ROOT.glob("profiles/**/*.yaml"),
    ]
    rules = {"data", "pretrain", "features", "select", "train", "interactions", "invariances", "claims", "figures"}
    rules |= {"report", "joint", "plan", "pilot", "selection_study", "all"}
    for path in places:
        for line in path.read_text().splitlines():
            _, option, behind = line.partition("--configfile ")
            words = behind.partition("`")[0].partition("#")[0].partition(" --")[0].split()
            assert not option or not rules & set(words), f"{path}: {line}"
