"""What every stage's command line shares: arguments, threads, error messages, and the time that was computing."""

from __future__ import annotations

import argparse
import atexit
import errno
import gc
import inspect
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from whypretrain import provenance
from whypretrain.config.section import Section
from whypretrain.errors import InputError
from whypretrain.runtime import files
from whypretrain.runtime.places import DATA, MODEL, TOKENS, WEIGHTS

Stage = Callable[[argparse.Namespace], None]
More = Callable[[argparse.Namespace], Iterable[Path]]
#: Files that a stage reads of the folder that an argument names, where the stage does not say otherwise.
FILES = {
    **dict.fromkeys(("data", "source", "target", "corrupted"), (*DATA, TOKENS[0])),
    "weights": WEIGHTS,
    **dict.fromkeys(("model", "models", "pretrained", "start", "starts", "controls"), MODEL),
}
#: Arguments that name no input.
NOT_READ = ("section", "files_of", "config", "threads", "out", "earlier", "headline", "by_setting")


def parser(description: str | None, config: type[Section] = Section, **read: Iterable[str]) -> argparse.ArgumentParser:
    """A parser with what all stages take: `--config` (JSON text, which `run` checks) and `--threads`.

    Args:
        read: by argument, names of the files that the stage reads of the folder given there, other than in `FILES`.
    """
    found = argparse.ArgumentParser(description=description)
    found.set_defaults(section=config, files_of={**FILES, **read})
    found.add_argument("--config", type=json.loads, default={}, help="the stage's part of the config, as JSON text")
    found.add_argument("--threads", type=int, default=1, help="threads that this stage may use")
    return found


def named_folder(text: str) -> tuple[str, Path]:
    """NAME=FOLDER as an argument's type."""
    name, _, folder = text.partition("=")
    if not (name and folder):
        raise argparse.ArgumentTypeError(f"{text!r} must be NAME=FOLDER")
    return name, Path(folder)


def add_folders(parser: argparse.ArgumentParser, option: str, text: str, *, required: bool = True) -> None:
    """Add an option of NAME=FOLDER arguments: a mapping; a name that is given twice is refused."""
    parser.add_argument(option, nargs="+", type=named_folder, action=_Folders, required=required, default={}, help=text)


class _Folders(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: Any = None) -> None:
        names = [name for name, _ in values]
        if len(set(names)) < len(names):
            parser.error(f"argument {option}: {' '.join(names)}: give distinct names")
        setattr(namespace, self.dest, dict(values))


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a run: a target, a pre-trained model of an architecture, and a seed."""
    parser.add_argument("--target", required=True, type=Path, help="folder of the target data, named as the target")
    parser.add_argument("--pretrained", required=True, type=Path, help="pre-trained model, a folder ARCHITECTURE/SEED")
    parser.add_argument("--seed", required=True, type=int, help="training seed")


def run_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The keys of tables and descriptions that the options of `add_run` stand for."""
    target, pretrained = arguments.target, arguments.pretrained
    return {"target": target.name, "architecture": pretrained.parent.name, "seed": arguments.seed}


def run(stage: Stage, arguments: argparse.Namespace, more: More = lambda _: ()) -> None:
    """Run one stage; bad input ends in one line on standard error and exit status 2.

    Args:
        more: files that the stage reads besides, which depend on its config.

    What the command line names is checked against its record first; what the stage writes gets its own (see
    `whypretrain.provenance`). The last line of standard error is `computed SECONDS s`: the time without interpreter
    start and imports.
    """
    start = time.perf_counter()
    if program := _is_program():
        gc.freeze()
        gc.enable()
    limit_threads(arguments.threads)
    try:
        _run_recorded(stage, arguments, more)
    except InputError as error:
        sys.exit(fail(error))
    except OSError as error:
        if not _cannot_write(error):
            raise
        sys.exit(fail(InputError(f"cannot write: {error}; make room or make the folder writable, then run again")))
    if files.leads():
        print(f"computed {time.perf_counter() - start:.2f} s", file=sys.stderr)
    if program:  # taking torch and its compiler apart would take up to a second
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _is_program() -> bool:
    """Whether this process is one stage alone, started by `python -m`."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec is not None and spec.parent == __package__


def _run_recorded(stage: Stage, arguments: argparse.Namespace, more: More) -> None:
    """Run one stage; leave a record of every file that it wrote and that is still there."""
    arguments.config = arguments.section.of(arguments.config, "--config")
    given = {key: value for key, value in vars(arguments).items() if key not in NOT_READ}
    # What a shard reads, the job that gathers it reads, too, and hashes.
    parts = {} if given.get("shard") else given
    named = [path for key, value in parts.items() for path in _paths(value, arguments.files_of.get(key))]
    inputs = provenance.hashes([*named, *(more(arguments) if parts else ())])
    outside = _fingerprints(arguments.config)
    with files.written() as paths:
        stage(arguments)
    now = _fingerprints(arguments.config)
    for place in sorted(outside.keys() | now.keys()):
        if now.get(place) != outside.get(place):
            raise InputError(f"{place}: changed while it was read; run again when nothing writes to it")
    outputs = [path for path in dict.fromkeys(paths) if path.exists()]
    if not outputs:
        return
    read = {path: digest for path, digest in inputs.items() if Path(path) not in outputs}
    plain = {key: value for key, value in given.items() if isinstance(value, str | int)}
    name = Path(inspect.getfile(stage)).stem
    provenance.write_cards(outputs, provenance.describe(name, arguments.config.plain(), read, plain, outside))


def _fingerprints(config: Section) -> dict[str, str]:
    """Of the files and folders that a stage's config names; what is missing, the stage names itself."""
    places = sorted(set(config.places().values()))
    return provenance.fingerprints({provenance.named(place): place for place in places})


def _paths(value: Any, names: Iterable[str] | None) -> list[Path]:
    """The paths of an argument: FILE, NAME=FOLDER, or a list or mapping of these; of a folder its files by name."""
    if isinstance(value, Path):
        named = names is not None and value.is_dir()
        return [value / name for name in names or () if (value / name).is_file()] if named else [value]
    if isinstance(value, str):
        place = value.rpartition("=")[2]
        return [Path(place)] if "/" in place else []
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [path for each in values for path in _paths(each, names)]


def fail(error: InputError) -> int:
    """Print the error as one line and return the exit status for bad input."""
    print(f"error: {error}", file=sys.stderr)
    return 2


def _cannot_write(error: OSError) -> bool:
    """Whether the disk is full or read-only; NumPy reports a short write without its number."""
    numbers = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
    return error.errno in numbers or "written" in str(error)


def limit_threads(threads: int) -> None:
    """Hold torch, where the stage has imported it, to `threads`; NumPy follows OMP_NUM_THREADS, set by the workflow.

    Processes that torchrun started together share them.
    """
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(max(1, threads // files.among()[1]))
        if torch.get_num_interop_threads() != 1:  # torch refuses to be set twice
            torch.set_num_interop_threads(1)
        torch.use_deterministic_algorithms(True, warn_only=True)
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
