"""What the workflow uses of Snakemake that Snakemake documents nowhere: by name, and what it must mean."""

import json
import re
import subprocess
import sys

import pytest
from checkout import ROOT

#: Attributes of `workflow` in a Snakefile.
NAMES = {
    "configfiles",
    "current_basedir",
    "is_main_process",
    "modifier.is_main_snakefile",
    "modifier.path_modifier.replace_prefix",
    "pathvars.apply",
    "resource_settings.cores",
}
INNER = """
import json

pathvars: results="results/own"

seen = {
    "current_basedir": str(workflow.current_basedir),
    "modifier.is_main_snakefile": workflow.modifier.is_main_snakefile(),
    "modifier.path_modifier.replace_prefix": workflow.modifier.path_modifier.replace_prefix("results"),
    "pathvars.apply": workflow.pathvars.apply("<results>"),
    "is_main_process": workflow.is_main_process,
    "configfiles": list(map(str, workflow.configfiles)),
    "resource_settings.cores": workflow.resource_settings.cores,
}
with open(f"seen_{config['name']}.json", "w") as file:
    json.dump(seen, file)

rule nothing:
    output: "<results>/{config[name]}"
    shell: "touch {output}"
"""
OUTER = """
config["name"] = "whole"
include: "inner/Snakefile"

module plain:
    snakefile: "inner/Snakefile"
    config: {"name": "plain"}
use rule * from plain as plain_*

module moved:
    snakefile: "inner/Snakefile"
    prefix: "moved"
    pathvars: results="elsewhere"
    config: {"name": "moved"}
use rule * from moved as moved_*
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What each name gives: in a Snakefile that is included, in a module, in a module whose paths are moved."""
    folder = tmp_path_factory.mktemp("private")
    (folder / "inner").mkdir()
    (folder / "inner/Snakefile").write_text(INNER)
    (folder / "Snakefile").write_text(OUTER)
    (folder / "mine.yaml").write_text("a: 1\n")
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--configfile", "mine.yaml", "--", "nothing"]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    found = {name: json.loads((folder / f"seen_{name}.json").read_text()) for name in ("whole", "plain", "moved")}
    assert all(each["current_basedir"] == str(folder / "inner") for each in found.values())
    assert all(each.keys() == NAMES for each in found.values())
    assert found["whole"]["configfiles"] == [str(folder / "mine.yaml")]
    return found


@pytest.mark.parametrize(
    ("name", "whole", "plain", "moved"),
    [
        ("modifier.is_main_snakefile", True, False, False),
        ("modifier.path_modifier.replace_prefix", "results", "results", "moved/results"),
        ("pathvars.apply", "results/own", "results/own", "elsewhere"),
        ("is_main_process", True, True, True),
        ("resource_settings.cores", 1, 1, 1),
    ],
)
def test_a_name_means_what_the_workflow_takes_it_to_mean(seen, name, whole, plain, moved):
    assert [seen[each][name] for each in ("whole", "plain", "moved")] == [whole, plain, moved]


def test_no_other_name_is_used():
    texts = [path.read_text() for path in [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]]
    used = {name for text in texts for name in re.findall(r"\bworkflow\.([a-z_]\w*(?:\.[a-z_]\w*)*)", text)}
    assert used == NAMES


def test_the_graph_is_that_of_the_private_workflow():
    """That is `_workflow.dag.jobs`, through which every test of the graph goes; nothing else is private there."""
    text = (ROOT / "workflow/tools/jobs.py").read_text()
    assert re.findall(r"\w+\._\w[\w.]*", text) == ["workflow._workflow.dag.jobs"]
