"""Every relative link of the documentation leads somewhere, and what matters is a few clicks from the README."""

import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from whypretrain.report.cards import cards

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for pattern in ("*.md", "docs/*.md", "docs/metrics/*.md") for path in ROOT.glob(pattern))
MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})


@cache
def tokens(page: Path) -> list[Token]:
    """What a page is made of, the parts of its paragraphs and cells included."""
    return [inner for token in MARKDOWN.parse(page.read_text()) for inner in [token, *(token.children or [])]]


def links(page: Path) -> list[str]:
    """Where its links and pictures lead, without those that leave the checkout."""
    found = [str(token.attrs[key]) for token in tokens(page) for key in ("href", "src") if key in token.attrs]
    return [unquote(link) for link in found if not re.match(r"[a-z]+:", link)]


@cache
def anchors(page: Path) -> set[str]:
    """The anchors of its headings, as git hosts and the site make them."""
    found = tokens(page)
    titles = [title for opening, title in pairwise(found) if opening.type == "heading_open"]
    texts = ["".join(part.content for part in title.children or []) for title in titles]
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in texts}


def reached(start: Path, clicks: int) -> set[Path]:
    """Pages that are so many clicks away, or fewer."""
    found = {start}
    for _ in range(clicks):
        found |= {
            target
            for page in found
            for link in links(page)
            if (target := (page.parent / link.partition("#")[0]).resolve()).suffix == ".md" and target.is_file()
        }
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link}: no such file"
        assert ROOT in target.parents or target == ROOT, f"{link}: outside the checkout"
        assert not anchor or anchor in anchors(target), f"{link}: no such heading; there is {sorted(anchors(target))}"


def test_links_and_anchors_are_found(tmp_path: Path) -> None:
    """The tests here would pass on pages in which nothing is found."""
    page = tmp_path / "page.md"
    page.write_text(
        "# The `config`, in 2 parts\n\n| a |\n|---|\n| [x](y.md#z) |\n\n```\n[no](link.md)\n```\n![p](q.png)\n"
    )
    assert links(page) == ["y.md#z", "q.png"]
    assert anchors(page) == {"the-config-in-2-parts"}
    assert len(PAGES) > 25


def test_every_headline_metric_has_a_card_three_clicks_from_the_readme() -> None:
    assert {ROOT / f"docs/metrics/{name}.md" for name in cards()} <= reached(ROOT / "README.md", clicks=3)


def test_every_page_is_two_clicks_from_the_first_page_of_the_docs() -> None:
    assert set(PAGES) <= reached(ROOT / "docs/index.md", clicks=2)
