"""Where the workflow is found: next to the Snakefile that is read, in the checkout, in an installed package."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from whypretrain.provenance import ROOT
from whypretrain.provenance.home import config_file, home, package_of

CHECKOUT = ROOT.parents[1]


def test_in_a_checkout_it_is_the_checkout(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert home() == CHECKOUT
    assert package_of(home()) == ROOT
    monkeypatch.chdir(CHECKOUT)
    assert home() == home(CHECKOUT) == Path(), "relative, so that clones name their inputs alike"
    assert package_of(home()) == Path("workflow/whypretrain")


def test_next_to_a_local_snakefile_and_never_at_an_address(monkeypatch, tmp_path):
    (tmp_path / "workflow/rules").mkdir(parents=True)
    assert home(tmp_path) == tmp_path
    monkeypatch.chdir(tmp_path)
    assert home("github.com/someone/whypretrain") == CHECKOUT


def test_a_shipped_config_gives_way_to_a_file_of_that_name(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    named = Path("config/smoke.yaml")
    assert config_file(named) == CHECKOUT / named
    assert config_file(Path("mine.yaml")) == Path("mine.yaml")
    named.parent.mkdir()
    named.touch()
    assert config_file(named) == named


@pytest.mark.parametrize("shipped", [True, False])
def test_an_installed_package_has_its_own(tmp_path, shipped):
    package = shutil.copytree(ROOT, tmp_path / "whypretrain")
    if shipped:
        (package / "home/workflow/rules").mkdir(parents=True)
    code = "from whypretrain.provenance.home import *; print(home(), package_of(home()))"
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={}, capture_output=True, text=True)
    if shipped:
        assert found.stdout.split() == [f"{package}/home", str(package)]
    else:
        assert f"{package} has no workflow; install whypretrain with pip" in found.stderr
