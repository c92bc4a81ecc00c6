"""On PYTHONPATH: writes which files a Python process opened, its hashing of inputs left out, into $OPENED/PID.json."""

import atexit
import json
import os
import sys

HASHING = ("_sha256", "_hashed")  # of results, and of what lies outside


def record(folder: str) -> None:
    opened: set[str] = set()

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str) and sys._getframe(1).f_code.co_name not in HASHING:
            opened.add(os.path.relpath(arguments[0]))

    def write() -> None:
        found = json.dumps({"command": sys.argv, "opened": sorted(opened)})
        with open(os.path.join(folder, f"{os.getpid()}.json"), "w") as file:
            file.write(found)

    sys.addaudithook(note)
    atexit.register(write)
    _record_safetensors(opened)


def _record_safetensors(opened: set[str]) -> None:
    """This library opens files itself, where Python does not see it."""
    import safetensors

    theirs = safetensors.safe_open

    def safe_open(filename: str, *arguments: object, **options: object) -> object:
        opened.add(os.path.relpath(filename))
        return theirs(filename, *arguments, **options)

    safetensors.safe_open = safe_open


if "OPENED" in os.environ and "whypretrain" in " ".join(sys.orig_argv):
    record(os.environ["OPENED"])
