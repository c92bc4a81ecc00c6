"""The workflow as a module of another one."""

import re

import pytest
import yaml
from checkout import ROOT, Checkout

from whypretrain.config import files

EMBEDDED = re.search(r"```python\n(from whypretrain.*?)```", (ROOT / "docs/install.md").read_text(), re.DOTALL)[1]
TINY = files.read(ROOT / "tests/workflow/tiny.yaml")


def configured(folder, **section):
    """The config of the other workflow."""
    (folder / "theirs.yaml").write_text(yaml.safe_dump({"theirs": 1, "pretraining": {**TINY, **section}}))


@pytest.fixture
def run(tmp_path):
    """A way to run a workflow of someone else, as docs/install.md has it."""
    (tmp_path / "Snakefile").write_text('configfile: "theirs.yaml"\n\n' + EMBEDDED)
    configured(tmp_path, experiment="within")
    made = Checkout(tmp_path, origin=None)
    made.variables = {"PYTHONPATH": str(ROOT / "workflow")}
    return lambda *options: made.run("python", "-m", "snakemake", "--cores", "2", *options)


@pytest.mark.long
def test_another_workflow_runs_it_in_its_own_results_folder(run, tmp_path):
    found = run()
    assert found.returncode == 0, found.stderr
    assert (tmp_path / "results/within/report.html").is_file()
    assert (tmp_path / "summary.txt").read_text().startswith("id,")
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["within"]
    assert "Nothing to be done" in run("--dry-run").stdout


def module_with(folder, line):
    """Put one more line into the module statement."""
    place = folder / "Snakefile"
    place.write_text(place.read_text().replace("module whypretrain:\n", f"module whypretrain:\n    {line}\n"))


@pytest.mark.slow
def test_results_go_where_pathvars_say(run, tmp_path):
    module_with(tmp_path, 'pathvars: results="elsewhere"')
    found = run("--dry-run", "--printshellcmds")
    assert found.returncode == 0, found.stderr
    told = found.stdout + found.stderr
    assert "--out elsewhere/report.html" in told
    assert "results/within/train" not in told


@pytest.mark.slow
def test_a_prefix_is_refused(run, tmp_path):
    module_with(tmp_path, 'prefix: "elsewhere"')
    found = run("--dry-run")
    assert found.returncode == 1
    assert "say where results go by pathvars" in found.stdout + found.stderr


@pytest.mark.slow
def test_a_wrong_config_of_a_module_is_named(run, tmp_path):
    configured(tmp_path, experiment="within", sed=1)
    found = run("--dry-run")
    assert found.returncode == 1
    assert "sed" in found.stdout + found.stderr
    assert "Traceback" not in found.stdout + found.stderr
