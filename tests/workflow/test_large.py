"""A folder of very many files: fingerprinted once, then planned in seconds.

`WHYPRETRAIN_FILES=1281167 make test-long` has as many as ImageNet's training images.
"""

import os
import resource
import time

import pytest
import yaml
from checkout import Checkout

from whypretrain.provenance import fingerprint

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(1800)]
FILES = int(os.environ.get("WHYPRETRAIN_FILES", "100000"))
CLASSES = 1000
CONFIG = {
    "experiment": "large",
    "grid": {"source": "imagenet", "seeds": [0]},
    "datasets": {"imagenet": {"kind": "imagenet", "root": "data/imagenet"}},
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout with ImageNet's layout, in files of 2 KB."""
    made = Checkout(tmp_path_factory.mktemp("large"))
    (made.folder / "large.yaml").write_text(yaml.safe_dump(CONFIG))
    content, past = os.urandom(2048), time.time() - 100
    for number in range(CLASSES):
        folder = made.folder / f"data/imagenet/train/n{number:08}"
        folder.mkdir(parents=True)
        for image in range(len(range(number, FILES, CLASSES))):
            path = f"{folder}/{folder.name}_{image}.JPEG"
            with open(path, "wb") as file:
                file.write(content)
            os.utime(path, (past, past))
    return made


def spent(work):
    """CPU seconds of a call, of its own processes and of those that it started."""
    before = cpu()
    work()
    return cpu() - before


def cpu():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def test_a_fingerprint_and_a_plan_take_seconds(checkout, capsys):
    place, index = checkout.folder / "data/imagenet", checkout.folder / ".cache/fingerprints"
    time.sleep(2.1)  # so that the files have settled
    first = spent(lambda: fingerprint(place, index))
    again = spent(lambda: fingerprint(place, index))
    assert checkout.snakemake("--dry-run", "--quiet", config="large.yaml").returncode == 0
    planned = spent(lambda: checkout.snakemake("--dry-run", "--quiet", config="large.yaml"))
    with capsys.disabled():
        print(f"\n{FILES} files: first {first:.1f} s, again {again:.1f} s, snakemake -n {planned:.1f} s of CPU time")
    assert first <= 60 * FILES / 100_000
    assert again <= 3 * FILES / 100_000
    assert planned <= 60
