"""The wheel: what it holds, the metrics without the workflow, an experiment in a folder that is no checkout."""

import json
import re
import subprocess
import zipfile
from email.parser import Parser

import pandas as pd
import pytest
import timm
import torch
from checkout import ROOT
from cut import cut_pictures
from installed import Installed
from packaging.requirements import Requirement

import whypretrain
from whypretrain.provenance import code_hash

#: Modules of the extras that nothing in the core requires.
HIDDEN = ["snakemake", "snakemake_interface_logger_plugins", "dvc", "pyarrow", "matplotlib", "rich", "shtab"]
HIDDEN += ["datasets", "transformers", "tokenizers", "shapiq"]
TINY = ROOT / "tests/workflow/tiny.yaml"


@pytest.mark.slow
def test_it_holds_the_package_and_what_runs_experiments_and_nothing_else(wheel):
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    kept = [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    packages = re.compile(r"workflow/(whypretrain/.*|snakemake_logger_plugin_whypretrain/.*)")
    home = re.compile(
        r"Snakefile|(config|profiles|workflow/(rules|report|tools))/.*|docs/config\.schema\.json|envs/cpu\..*"
    )
    expected = {found[1] for name in kept if (found := packages.fullmatch(name))}
    expected |= {f"whypretrain/home/{name}" for name in kept if home.fullmatch(name)}
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if ".dist-info/" not in name} == expected
        [about] = [name for name in archive.namelist() if name.endswith("METADATA")]
        metadata = Parser().parsestr(archive.read(about).decode())
    assert metadata["Version"] == whypretrain.__version__
    required = map(Requirement, metadata.get_all("Requires-Dist"))
    assert {each.name for each in required if each.marker is None} >= {"torch", "timm", "numpy", "scipy", "pandas"}
    assert {name.partition("/")[2] for name in expected if "/py.typed" in name} == {"py.typed"}


USED = """
import numpy as np
from whypretrain.claims import load, load_scales

rule, claims = load()
assert len(claims) > 100 and load_scales()
np.testing.assert_allclose(moebius(np.array([0.0, 1.0, 1.0, 5.0])), [0, 1, 1, 3])
features = np.random.default_rng(0).normal(size=(20, 4))
assert abs(linear_cka(features, features) - 1) < 1e-6
"""


@pytest.mark.long
def test_metrics_and_claims_need_no_extra(wheel, tmp_path):
    readme = (ROOT / "README.md").read_text()
    [example] = [code for code in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "import moebius" in code]
    bare = Installed(tmp_path / "bare", wheel, hidden=HIDDEN)
    found = bare.run(tmp_path, str(bare.python), "-c", example + USED)
    assert found.returncode == 0, found.stderr
    found = bare.run(tmp_path, "whypretrain", "run")
    assert found.returncode == 2
    assert found.stderr == "error: `whypretrain run` needs Snakemake: pip install 'whypretrain[workflow]'\n"


@pytest.mark.long
def test_two_models_are_compared_where_no_checkout_is(installed, tmp_path):
    for name, seed in (("start", 0), ("end", 1)):
        torch.manual_seed(seed)
        torch.save(timm.create_model("resnet18", num_classes=3).state_dict(), tmp_path / f"{name}.pth")
    command = ["whypretrain", "diff", "start.pth", "end.pth", "--architecture", "resnet18"]
    found = installed.run(tmp_path, *command)
    assert found.returncode == 0, found.stderr
    assert "layer1.0" in found.stdout
    found = installed.run(tmp_path, "whypretrain", "diff", "start.pth", "none.pth", "--architecture", "resnet18")
    assert found.returncode == 2
    assert "none.pth" in found.stderr


@pytest.mark.long
def test_two_models_are_compared_on_pictures_where_no_checkout_is(installed, tmp_path):
    cut_pictures(tmp_path / "photos", 24, side=32)
    for name, seed in (("start", 0), ("end", 1)):
        torch.manual_seed(seed)
        torch.save(timm.create_model("test_resnet", num_classes=2).state_dict(), tmp_path / f"{name}.pth")
    command = ["whypretrain", "diff", "start.pth", "end.pth", "--architecture", "test_resnet"]
    found = installed.run(tmp_path, *command, "--data", "photos")
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.endswith("results/diff_end/report.html\n")
    agreement = pd.read_csv(tmp_path / "results/diff_end/interactions/agreement.csv")
    assert agreement.agreement[agreement.kind == "self"].dropna().round(9).unique() == [1.0]
    assert (tmp_path / "results/diff_end/report.html").is_file()


@pytest.mark.long
def test_an_experiment_runs_to_its_end_where_no_checkout_is(installed, tmp_path):
    (tmp_path / "tiny.yaml").write_text(TINY.read_text())
    found = installed.run(tmp_path, "whypretrain", "plan", "tiny.yaml", "--cores", "1")
    assert re.search(r"^score_coalitions +1 ", found.stdout, re.MULTILINE), found.stderr
    found = installed.run(tmp_path, "whypretrain", "run", "tiny.yaml", "--cores", "2")
    assert found.returncode == 0, found.stderr
    results = tmp_path / "results/tiny"
    assert (results / "report.html").is_file()
    made_by = json.loads((results / ".provenance/claims.csv.json").read_text())
    assert f"{installed.packages}/whypretrain/resources/claims.yaml" in made_by["inputs"]
    assert made_by["code_sha256"] == code_hash("claims"), "where the code is installed changes no hash"
    found = installed.run(tmp_path, "whypretrain", "run", "tiny.yaml", "--dry-run")
    assert "Nothing to be done" in found.stdout + found.stderr
