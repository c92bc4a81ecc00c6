"""What all tests share: one thread a process, and one run of config/smoke.yaml."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest
from checkout import Checkout

RECORDER = Path(__file__).parent / "opened"

# Before anything numerical is imported: two test workers must not fight for the cores.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")


def pytest_collection_modifyitems(items):
    if os.environ.get("WHYPRETRAIN_LONG") != "1":
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="takes minutes: `make test-long`"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A checkout after a complete smoke run, made once for all test processes; to be read only."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    log = base / "smoke.log"
    with (base / "smoke.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not log.exists():
            made, opened = Checkout(base / "smoke"), base / "opened"
            opened.mkdir()
            made.variables = {"OPENED": str(opened), "PYTHONPATH": f"{made.folder}/workflow:{RECORDER}"}
            run = made.snakemake()
            assert run.returncode == 0, run.stderr[-8000:]
            log.write_text(run.stderr + run.stdout)
    return Checkout(base / "smoke", origin=None)


@pytest.fixture(scope="module")
def smoke(finished, tmp_path_factory):
    """A copy of the finished checkout for the tests of one file, which may change it."""
    folder = tmp_path_factory.mktemp("smoke") / "checkout"
    return Checkout(shutil.copytree(finished.folder, folder, symlinks=True), origin=None)


@pytest.fixture(scope="module")
def stages_share_a_process():
    """Torch allows its interop threads to be set once a process; here many stages share one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("whypretrain.stages._run.limit_threads", lambda threads: None)
        yield
