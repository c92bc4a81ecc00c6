"""Pages that name tests agree with the tests."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGES = ("reliability", "own_data", "own_models")
NAMED = [
    name
    for page in PAGES
    for name in re.findall(r"`([\w/]+\.py::\w+)`", (TESTS.parent / f"docs/{page}.md").read_text())
]


def functions_of(file):
    tree = ast.parse((TESTS / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and "test_" in node.name[:5]}


@pytest.mark.parametrize("name", sorted(set(NAMED)))
def test_every_test_that_is_named_exists(name):
    file, _, test = name.partition("::")
    assert test in functions_of(file)


@pytest.mark.parametrize("folder", ["reliability", "cluster"])
def test_every_test_of_a_fault_is_named(folder):
    files = [path for path in (TESTS / folder).glob("test_*.py") if path.name != Path(__file__).name]
    found = {f"{folder}/{path.name}::{test}" for path in files for test in functions_of(path.relative_to(TESTS))}
    assert found <= set(NAMED)
