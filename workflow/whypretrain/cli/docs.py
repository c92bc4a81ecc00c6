"""`whypretrain docs [PAGE ...]`: regenerate the pages that show results; `--keep` copies a run's tables first.

Templates are in docs/pages, kept tables in docs/results, the list of studies is docs/studies.yaml. A page changes when
its template or a kept table does. Pages that need a study that has not run are skipped, with a message.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from whypretrain.cli.extras import require
from whypretrain.cli.run import require_checkout

DOCS = Path("docs")


def add(commands: Any) -> None:
    """Add the subcommand to a parser's."""
    found = commands.add_parser(
        "docs",
        help="regenerate the pages that show results, from kept tables",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("pages", nargs="*", metavar="PAGE", help="default: all that have a template")
    found.add_argument("--keep", metavar="STUDY", help="study of docs/studies.yaml whose tables are copied first")
    found.add_argument("--results", type=Path, help="results of that study; default: results/STUDY")
    found.set_defaults(command=docs)


def docs(arguments: argparse.Namespace) -> int:
    """Keep the tables of a study, then write the pages."""
    require("docs", "jinja2")
    from whypretrain.report import pages, studies
    from whypretrain.runtime.files import atomic

    require_checkout()
    entries = studies.entries(DOCS)
    if arguments.keep:
        for path in studies.keep(arguments.keep, arguments.results or Path("results") / arguments.keep, DOCS):
            print(path)
    for name, template in pages.templates(DOCS, arguments.pages).items():
        if lacking := pages.waiting(template, DOCS):
            run = f"run {entries[lacking[0]].config}, then `whypretrain docs --keep {lacking[0]}`"
            print(f"{name}: left out, no tables of {', '.join(lacking)} are kept; {run}", file=sys.stderr)
            continue
        with atomic(DOCS / f"{name}.md") as temporary:
            temporary.write_text(pages.filled(name, template, DOCS), encoding="utf-8")
        print(DOCS / f"{name}.md")
    return 0
