"""Fetch: the class means of arXiv:2111.12292 from its authors' repository, at a pinned commit, checked by hashes.

The list holds one row a file: file (below OUT), remote (below the address), sha256 (empty where it was not known
beforehand; the pinned commit decides then). A file that is there with the right hash is not fetched again.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from whypretrain.errors import InputError
from whypretrain.runtime.files import atomic, read_table, sha256
from whypretrain.stages._run import parser, run

_TIMEOUT = 30  # seconds without an answer


def stage(arguments: argparse.Namespace) -> None:
    """Fetch every file of the list into the folder."""
    for row in read_table(arguments.files).fillna({"sha256": ""}).itertuples():
        path, known = arguments.out / str(row.file), str(row.sha256)
        if known and path.is_file() and sha256(path) == known:
            continue
        content = _fetched(f"{arguments.address}/{row.remote}", arguments.out)
        if known and hashlib.sha256(content).hexdigest() != known:
            raise InputError(f"{arguments.address}/{row.remote}: not the file that it was: its SHA-256 differs")
        with atomic(path) as temporary:
            temporary.write_bytes(content)


def _fetched(address: str, folder: Path) -> bytes:
    try:
        with urlopen(address, timeout=_TIMEOUT) as answer:
            return answer.read()
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise InputError(
            f"{address}: cannot be fetched ({reason}); without a network put the authors' class means into a "
            f"folder laid out as {folder} and name it in study.class_means"
        ) from error


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__)
    found.add_argument("--files", required=True, type=Path, help="list of the files (.csv)")
    found.add_argument("--address", required=True, help="address of the repository's files at the pinned commit")
    found.add_argument("--out", required=True, type=Path, help="folder to write")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
