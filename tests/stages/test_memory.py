"""Memory does not grow with the data set: the stages' own peaks, each in a fresh process."""

import os
import subprocess
import sys

import numpy as np
import pytest

from whypretrain import data, models

PEAK = """
import sys, threading, time
from whypretrain.stages import features

def anonymous():
    status = open("/proc/self/status").read()
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024

def watch():
    while not done.wait(0.005):
        peaks.append(anonymous())

done, peaks = threading.Event(), [anonymous()]
watching = threading.Thread(target=watch, daemon=True)
watching.start()
features.main(sys.argv[1:])
done.set()
watching.join()
print(max(peaks) - peaks[0])
"""


def peak(folder, number):
    """Megabytes beyond the start, of features of so many images of 32 px: 3 kB an image, and 2 kB of features."""
    labels, names = np.arange(number) % 40, [f"class {label}" for label in range(40)]
    images = np.random.default_rng(0).integers(0, 256, (number, 3, 32, 32), dtype=np.uint8)
    found = data.assemble(
        images, labels, test=np.arange(number) >= 0.8 * number, classes=names, concepts=names, origins=[""] * number
    )
    data.save(found, folder / str(number))
    arguments = ["--model", folder / "model", "--data", folder / str(number), "--out", folder / "out"]
    command = [sys.executable, "-c", PEAK, "--config", '{"batch_size": 64}', *map(str, arguments)]
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1"}  # less noise
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(run.stdout)


@pytest.mark.long
@pytest.mark.slow
def test_features_of_ten_times_the_images_take_less_than_these_more(tmp_path):
    options = {"patch_size": 32, "embed_dim": 512, "depth": 1, "num_heads": 2, "mlp_ratio": 1}
    network = models.Architecture("vit_tiny_patch16_224", 32, 3, options)
    models.save(models.build(network, ["a", "b"], seed=0), tmp_path / "model", {})
    few, many = (peak(tmp_path, number) for number in (2_000, 20_000))
    # The images more are 55 MB, their features 37 MB; the peak once grew by four times that.
    assert many - few < 55
