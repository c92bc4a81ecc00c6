"""Run experiments; prepare, inspect and keep them. Stages have commands of their own: `whypretrain.stages.train` etc.

    whypretrain init photos timm:resnet18       # write mine.yaml for your pictures and checkpoint
    whypretrain run mine.yaml                   # run an experiment and watch it; again, to resume it
    whypretrain plan mine.yaml                  # what it costs, before it runs
    whypretrain figures mine.yaml               # draw its figures again
    whypretrain record mine.yaml                # keep its results with the commit; `restore` brings them back
    whypretrain datasets                        # table of the published data sets that can be read
    whypretrain fetch cifar10 data/cifar10      # download a data set whose licence allows it
    whypretrain miniature data/miniature        # small copies of all of them, to try a config
    whypretrain compare results/a results/b     # verdicts that changed, numbers that moved
    whypretrain provenance results/a/claims.csv # what made this, and from what
    whypretrain diff timm:resnet18 runs/mine    # what fine-tuning changed in the weights, in seconds
    whypretrain diff timm:resnet18 runs/mine --data photos    # what it kept, lost and gained: one report
    whypretrain docs                            # regenerate the pages that show results, from kept tables
    whypretrain clean                           # what takes space here; with names and --yes, remove it

Commands exit with 2 on bad input. `compare` exits with 0 if all verdicts and headline numbers agree, and with 1 if not.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import whypretrain
from whypretrain.cli import clean, diff, docs, init, run, versions
from whypretrain.cli.extras import require
from whypretrain.cli.printed import print_table
from whypretrain.errors import InputError


def parser() -> argparse.ArgumentParser:
    """The parser of all subcommands."""
    parser = argparse.ArgumentParser(
        prog="whypretrain", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {whypretrain.__version__}")
    parser.add_argument(
        "--print-completion", choices=["bash", "zsh", "tcsh"], action=_PrintCompletion, help="print it, to be sourced"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    init.add(commands)
    run.add(commands)
    versions.add(commands)
    comparing = commands.add_parser("compare", help="which verdicts changed, which headline numbers moved")
    comparing.add_argument("a", type=Path, metavar="A", help="results folder of one run, e.g. results/a")
    comparing.add_argument("b", type=Path, metavar="B", help="results folder of the other")
    comparing.set_defaults(command=_compare)
    listing = commands.add_parser("datasets", help="the published data sets: kind, size, split, licence, source")
    listing.set_defaults(command=_datasets)
    fetching = commands.add_parser("fetch", help="fetch and unpack a published data set")
    fetching.add_argument("name", help="its kind, as `whypretrain datasets` lists it")
    fetching.add_argument("folder", type=Path, help="folder to fill, the `root` of the config")
    fetching.set_defaults(command=_fetch)
    writing = commands.add_parser("miniature", help="write miniature copies of the published data sets")
    writing.add_argument("folder", type=Path, help="folder to fill")
    writing.set_defaults(command=_miniature)
    tracing = commands.add_parser("provenance", help="what made a result, and from what: a tree down to your own files")
    tracing.add_argument("result", type=Path, help="a file below results/")
    tracing.set_defaults(command=_provenance)
    diff.add(commands)
    clean.add(commands)
    docs.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line, run the subcommand and return the exit status."""
    given, after = _divided(list(sys.argv[1:] if argv is None else argv))
    try:
        arguments = (parsing := parser()).parse_args(given)
        if after and not hasattr(arguments, "options"):
            parsing.error(f"{after[0]}: only `run` takes options of Snakemake after --")
        arguments.options = after
        status = int(arguments.command(arguments))
        sys.stdout.flush()  # here, so that a reader that is gone is noticed below
        return status
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, e.g. `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


class _PrintCompletion(argparse.Action):
    """Print the completion of a shell, to be sourced."""

    def __call__(self, parser: argparse.ArgumentParser, *given: Any) -> None:
        require("--print-completion", "shtab")
        import shtab

        print(shtab.complete(parser, given[1]))
        parser.exit()


def _divided(argv: list[str]) -> tuple[list[str], list[str]]:
    """What is ours, and what comes after a lone `--`."""
    place = argv.index("--") if "--" in argv else len(argv)
    return argv[:place], argv[place + 1 :]


def _datasets(arguments: argparse.Namespace) -> int:
    from whypretrain.data.published.catalogue import table

    print_table(table())
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    from whypretrain.data.published.fetch import fetch

    for path in fetch(arguments.name, arguments.folder):
        print(path)
    return 0


def _miniature(arguments: argparse.Namespace) -> int:
    from whypretrain.data.published.miniature import write_miniatures

    for name in write_miniatures(arguments.folder):
        print(arguments.folder / name)
    return 0


def _provenance(arguments: argparse.Namespace) -> int:
    from whypretrain.provenance import lineage

    print("\n".join(lineage(arguments.result)))
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    from whypretrain.claims.comparison import compare

    found = compare(arguments.a, arguments.b)
    for title, changes in (("Verdicts changed", found.verdicts), ("Numbers moved", found.numbers)):
        print(f"{title}: {len(changes) or 'none'}")
        for change in changes:
            print(f"  {change.what}: {change.before} -> {change.after}")
    return 0 if found.same else 1
