"""What the page says about the pictures that were read, and that it can leave all of them out."""

from __future__ import annotations

import re
from pathlib import Path

from parsed import Page
from test_page import CONFIG, KNOWN, build_from

from whypretrain.report import papers


def test_what_was_read_and_how_pixels_are_normalised(results: Path) -> None:
    found = Page(build_from(results))
    assert "95 files found, 92 of them images; left out: 3 .heic; 2 of 92 images are of one colour" in found.text
    assert re.search(r"Normalisation of vit\s*mean 0.5; standard deviation 0.25", found.text)


def test_without_pictures_no_image_is_shown(results: Path) -> None:
    """Figures of images that an earlier run left, and those that the registry does not know, are not shown."""
    whole = {figure.name for paper in papers(results / "figures") for figure in paper.figures if figure.made}
    without = papers(results / "figures", pictures=False)
    assert whole - {figure.name for paper in without for figure in paper.figures if figure.made} == {
        name for name, figure in KNOWN.items() if {"target_data", "pictures"} & {*figure.tables}
    }
    page = Page(build_from(results, {**CONFIG, "report": {"pictures": False}}))
    assert not {"patches.png", "inversions.png"} & {attributes.get("download") for attributes in page.all("a")}
