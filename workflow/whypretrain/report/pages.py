"""Pages of the documentation that show results: a template in `docs/pages`, filled in from the tables of studies.

A template is Markdown with calls of a `Study`, got by `study("NAME")`; nothing is typed by hand. `kept("NAME")` says
whether there are tables of it, so that a page can do without. The template `metric` makes a page of every card.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import jinja2

from whypretrain.errors import InputError
from whypretrain.report.cards import FOLDER, cards
from whypretrain.report.markdown import Study, interval
from whypretrain.report.page import number
from whypretrain.report.studies import CARD, entries

SUFFIX = ".md.j2"
_NAMED = re.compile(r"""\bstudy\(["'](\w+)["']\)""")
_SPARED = re.compile(r"""\bkept\(["'](\w+)["']\)""")
_CARD = "metric"  # the template that is filled in once a metric


def templates(docs: Path, names: Sequence[str] = ()) -> dict[str, Path]:
    """The templates in `docs/pages`, or those of the pages named, by page, e.g. photographs or metrics/forgetting.

    Raises:
        InputError: if a page has none.
    """
    there = {path.name.removesuffix(SUFFIX): path for path in sorted((docs / "pages").glob(f"*{SUFFIX}"))}
    if card := there.pop(_CARD, None):
        there |= {f"{FOLDER}/{name}": card for name in cards()}
    if unknown := [name for name in names if name not in there]:
        raise InputError(f"{unknown[0]}: no template {docs}/pages/{unknown[0]}{SUFFIX}; there is {', '.join(there)}")
    return {name: path for name, path in there.items() if not names or name in names}


def waiting(template: Path, docs: Path) -> list[str]:
    """The listed studies that a template cannot do without and of which no tables are kept yet."""
    text = template.read_text()
    shown = set(_NAMED.findall(text)) - set(_SPARED.findall(text))
    return [name for name in entries(docs) if name in shown and not _is_kept(name, docs)]


def filled(page: str, template: Path, docs: Path) -> str:
    """The text of a page.

    Raises:
        InputError: if the template asks for what is not kept.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        keep_trailing_newline=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    up = "../" * page.count("/")
    environment.globals |= {
        "study": lambda name: Study(name, docs, up),
        "kept": lambda name: _is_kept(name, docs),
        "command": lambda name: entries(docs)[name].command,
        "interval": interval,
        "number": number,
        "metrics": cards(),
        "metric": cards().get(page.rpartition("/")[2]),
    }
    made = f"Made by `whypretrain docs` from {template.relative_to(docs.parent)}: edit that file, not this one."
    try:
        return f"<!-- {made} -->\n" + environment.get_template(template.name).render()
    except (jinja2.TemplateError, TypeError) as error:
        raise InputError(f"{template}: {error}") from error


def _is_kept(name: str, docs: Path) -> bool:
    return (docs / "results" / name / CARD).is_file()
