"""A reader that stops early, such as `head`, ends a command quietly."""

from __future__ import annotations

import subprocess
import sys


def test_a_reader_that_has_enough_is_no_error():
    command = f"{sys.executable} -c 'from whypretrain.cli import main; exit(main())' datasets"
    run = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | true"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
