"""The documentation builds as a site, without a warning."""

import re

import pytest
from checkout import ROOT, Checkout


@pytest.mark.long
def test_the_site_builds_without_a_warning(tmp_path) -> None:
    checkout = Checkout(tmp_path / "checkout")
    [command] = re.findall(r"^\t(python -m sphinx .*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert "--fail-on-warning" in command
    checkout.done(*command.split())
    site = checkout.folder / "docs/_build/site"
    assert "decide" in (site / "docs/_api/whypretrain.claims.html").read_text()
    index = (site / "docs/index.html").read_text()
    assert all(f'href="{page}"' in index for page in ("tutorial.html", "metrics/forgetting.html", "../README.html"))
