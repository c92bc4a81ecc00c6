"""How the code is laid out: small files and functions, imports downward alone, registries that load nothing heavy."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "workflow/whypretrain"
CODE = [
    path
    for place in ("workflow", "tests", "benchmarks")
    for path in sorted((ROOT / place).rglob("*"))
    if path.suffix in (".py", ".smk")
]
LONGEST_FILE, LONGEST_FUNCTION = 250, 60

#: From the top down; a package imports those of lower rows, those of one row never each other.
LAYERS = [
    {"__main__"},
    {"cli"},
    {"stages"},
    {"report"},
    {"figures", "claims"},
    {"interactions", "invariances", "selection", "training"},
    {"models", "data"},
    {"statistics"},
    {"config"},
    {"provenance"},
    {"runtime"},
    {"errors"},
]
#: Modules without heavy imports, registries above all, that a lower layer may read.
BORROWED = {"config": ("data", "selection.rules", "training.optimizers", "training.schedule", "figures.registry")}


def test_files_are_short():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in CODE}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_functions_are_short():
    lengths = {
        f"{path.relative_to(ROOT)}::{node.name}": node.end_lineno - node.lineno + 1
        for path in CODE
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def imported(path):
    """Modules of the package that a file imports, anywhere in it, without the package's name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name.removeprefix("whypretrain.") for name in names if name.startswith("whypretrain."))


@pytest.mark.parametrize("layer", range(len(LAYERS)))
def test_imports_run_downward(layer):
    below = set().union(*LAYERS[layer + 1 :])
    for package in LAYERS[layer]:
        for path in [*(PACKAGE / package).rglob("*.py"), *PACKAGE.glob(f"{package}.py")]:
            upward = [
                name
                for name in imported(path)
                if name.split(".")[0] not in {package, *below} and not name.startswith(BORROWED.get(package, ()))
            ]
            assert upward == [], path.relative_to(ROOT)


def test_every_package_has_its_layer():
    found = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert found - {"__init__", "resources"} == set().union(*LAYERS)


@pytest.mark.parametrize(
    "registry", ["selection.rules", "invariances.layer_metrics", "training.optimizers", "training.schedule"]
)
def test_reading_a_registry_loads_nothing_heavy(registry):
    code = f"import sys, whypretrain.{registry}; print({{'torch', 'scipy', 'matplotlib'}} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
