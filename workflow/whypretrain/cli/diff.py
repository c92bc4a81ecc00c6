"""`whypretrain diff PRETRAINED FINETUNED [--data FOLDER]`: what fine-tuning kept, lost and gained.

Each model is timm:NAME, hf:ORG/NAME, package:NAME or file:PATH (a path alone is file:PATH); FINETUNED may also be the
folder of a training, in which the best weights and the checkpoints are found. Without --data the weights alone are
compared, in seconds; with it a small experiment is run, which ends in one report.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from whypretrain.cli.extras import require
from whypretrain.errors import InputError
from whypretrain.provenance.home import DEFAULT, home
from whypretrain.runtime.files import atomic, write_table


class _Named(NamedTuple):
    """Both models as a config names them, and what they are."""

    before: str
    after: str
    checkpoint_files: str | None
    architecture: str
    size: int


def add(commands: Any) -> None:
    """Add the subcommand to a parser's."""
    found = commands.add_parser(
        "diff",
        help="what fine-tuning kept, lost and gained",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    found.add_argument("pretrained", metavar="PRETRAINED", help="the model before fine-tuning")
    found.add_argument("finetuned", metavar="FINETUNED", help="the model afterwards, or the folder of its training")
    found.add_argument("--data", type=Path, help="folder of pictures, one folder a class, to compare the models on")
    found.add_argument(
        "--architecture", help="timm's name of the network, if the files do not name it (timm.list_models())"
    )
    found.add_argument(
        "--size", type=int, help="image size in pixels; default: the fine-tuned model's, otherwise timm's"
    )
    found.add_argument("--name", help="results go to results/NAME; default: diff_FINETUNED")
    found.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)), help="default: all of them")
    found.add_argument("--no-pictures", action="store_true", help="keep every image out of the report")
    found.add_argument("--dry-run", action="store_true", help="write the config, describe the run, and stop")
    found.set_defaults(command=diff)


def diff(arguments: argparse.Namespace) -> int:
    """Compare the weights, or with data run the experiment."""
    from whypretrain.models.architecture import check_name
    from whypretrain.models.identify import identify, usual_size

    before, (after, checkpoint_files) = source_of(arguments.pretrained), _trained(arguments.finetuned)
    name = arguments.architecture or _architecture(before, after)
    check_name(name)
    size = arguments.size or identify(after, name).size or usual_size(name)
    named = _Named(before, after, checkpoint_files, name, size)
    last = Path(arguments.finetuned.rpartition(":")[2]).name.partition(".")[0]
    folder = Path("results") / (arguments.name or f"diff_{re.sub(r'[^A-Za-z0-9_-]', '_', last)}")
    return _on_pictures(arguments, named, folder) if arguments.data else _weights_alone(named, folder)


def _weights_alone(named: _Named, folder: Path) -> int:
    from whypretrain.cli.printed import print_table
    from whypretrain.models.weight_changes import weight_changes

    old, new = (_model(source, named) for source in (named.before, named.after))
    table = weight_changes(old, new)
    print(f"{named.architecture}, weights alone (docs/diff.md). Unrelated weights: cosine 0, change and rank as given.")
    print_table(table)
    write_table(folder / "weights.csv", table)
    print(folder / "weights.csv")
    return 0


def _on_pictures(arguments: argparse.Namespace, named: _Named, folder: Path) -> int:
    import yaml

    require("diff --data", "snakemake")
    from whypretrain.cli.planned import Comparison, planned
    from whypretrain.config import check, files

    compared = Comparison(
        folder.name, named.architecture, named.size, named.before, named.after, named.checkpoint_files,
        arguments.data, pictures=not arguments.no_pictures,
    )  # fmt: skip
    found = planned(compared, arguments.cores)
    check(files.merged(files.read(home() / DEFAULT), found.config))
    with atomic(folder / "diff.yaml", result=False) as temporary:
        temporary.write_text(yaml.safe_dump(found.config, sort_keys=False, allow_unicode=True))
    print("\n".join(f"- {step}" for step in found.steps))
    print(f"about {max(1, round(found.seconds / 60))} minutes on {arguments.cores} cores, as busy as they are now")
    command = [
        "snakemake",
        "--snakefile",
        str(home() / "Snakefile"),
        "--directory",
        ".",
        "--cores",
        str(arguments.cores),
    ]
    command += ["--configfile", str(folder / "diff.yaml")]
    print(f"config: {folder / 'diff.yaml'}; it is run by {' '.join(command)}", flush=True)
    if arguments.dry_run:
        return 0
    if subprocess.run([sys.executable, "-m", *command, "--logger", "whypretrain"], check=False).returncode:
        raise InputError(f"the run failed; see {folder / 'logs'}; the same command resumes it: what is done is kept")
    print(folder / "report.html")
    return 0


def _architecture(before: str, after: str) -> str:
    """What the pre-trained model's source names or fits, else what the fine-tuned one's does."""
    from whypretrain.models.identify import identify

    try:
        return identify(before).name
    except InputError as error:
        try:
            return identify(after).name
        except InputError:
            raise error from None


def source_of(given: str) -> str:
    """A model as a config names it; a path alone is a file."""
    return f"file:{given}" if ":" not in given and Path(given).exists() else given


def _trained(given: str) -> tuple[str, str | None]:
    """The fine-tuned model as a config names it, and the pattern of its checkpoints if it is a training's folder."""
    from whypretrain.models.run_folders import find_training

    source = source_of(given)
    folder = Path(source.removeprefix("file:"))
    if not source.startswith("file:") or not folder.is_dir():
        return source, None
    found = find_training(folder)
    print("\n".join(found.notes))
    return found.weights, found.checkpoint_files


def _model(source: str, named: _Named) -> Any:
    from whypretrain.models import Architecture, import_checkpoint

    try:
        model, notes = import_checkpoint(Architecture(named.architecture, named.size, 3), source, ["head", "left out"])
    except InputError as error:
        raise InputError(f"{error} (compared as {named.architecture}; --architecture NAME is for another)") from error
    for note in notes:
        if not note.startswith("the head "):
            print(f"{source}: {note}")
    return model
