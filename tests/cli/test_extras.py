"""What a command lacks is named, with the extra that has it; all else works without."""

import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from whypretrain.cli import main
from whypretrain.cli.extras import _EXTRAS

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize(
    ("command", "missing", "told"),
    [
        ("run", "snakemake", "`whypretrain run` needs Snakemake: pip install 'whypretrain[workflow]'"),
        ("plan", "snakemake", "`whypretrain plan` needs Snakemake: pip install 'whypretrain[workflow]'"),
        ("figures", "snakemake", "`whypretrain figures` needs Snakemake: pip install 'whypretrain[workflow]'"),
        (
            "diff timm:test_vit timm:test_vit --data photos",
            "snakemake",
            "`whypretrain diff --data` needs Snakemake: pip install 'whypretrain[workflow]'",
        ),
        ("record", "dvc", "`whypretrain record` needs DVC: pip install 'whypretrain[dvc]'"),
        ("restore", "dvc", "`whypretrain restore` needs DVC: pip install 'whypretrain[dvc]'"),
        ("docs", "jinja2", "`whypretrain docs` needs Jinja: pip install 'whypretrain[workflow]'"),
        (
            "--print-completion bash",
            "shtab",
            "`whypretrain --print-completion` needs shtab: pip install 'whypretrain[workflow]'",
        ),
    ],
)
def test_a_command_names_the_extra_that_it_lacks(command, missing, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("Snakefile").touch()
    monkeypatch.setitem(sys.modules, missing, None)
    assert main(command.split()) == 2
    assert capsys.readouterr().err == f"error: {told}\n"


def test_the_extras_that_are_named_have_what_lacks():
    for module, (extra, _) in _EXTRAS.items():
        named = {Requirement(text).name for text in PROJECT["optional-dependencies"][extra]}
        assert module in named - {Requirement(text).name for text in PROJECT["dependencies"]}


def test_completion_is_printed(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--print-completion", "bash"])
    assert "_shtab_whypretrain" in capsys.readouterr().out
