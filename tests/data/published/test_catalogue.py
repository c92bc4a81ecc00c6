"""The catalogue against the sizes and metrics that were published, and every address pinned by a checksum."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from whypretrain.data import CATALOGUE, build
from whypretrain.data.published.catalogue import table

PUBLISHED = Path(__file__).parents[3] / "workflow/whypretrain/resources/published/uot_datasets.csv"
NAMES = {
    "CUB-200-2011": "cub200",
    "Caltech-101": "caltech101",
    "DTD": "dtd",
    "FGVC-Aircraft": "fgvc_aircraft",
    "Stanford Cars": "stanford_cars",
    "Oxford-IIIT Pets": "oxford_pets",
    "Stanford Dogs": "stanford_dogs",
    "SUN397": "sun397",
}
METRICS = {"top1": "accuracy", "mean_per_class": "mean_class_accuracy"}


@pytest.mark.parametrize("row", pd.read_csv(PUBLISHED).to_dict("records"), ids=lambda row: row["dataset"])
def test_sizes_and_metrics_are_the_published_ones(row):
    entry = CATALOGUE[NAMES[row["dataset"]]]
    assert (entry.classes, entry.train, entry.test) == (row["n_classes"], row["n_train"], row["n_test"])
    assert entry.metric == METRICS[row["metric"]]


def test_archives_are_pinned():
    archives = [archive for entry in CATALOGUE.values() for archive in entry.archives]
    assert archives
    for archive in archives:
        assert re.fullmatch("[0-9a-f]{32}", archive.md5)
        assert archive.url.startswith("https://")
        assert archive.name.endswith((".zip", ".tar", ".tar.gz"))


def test_the_table_has_a_row_for_each_set_and_says_everything():
    found = table()
    assert found["kind"].tolist() == list(CATALOGUE)
    assert (found.astype(str).map(len) > 0).all(axis=None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "folder", "train", "test", "classes"),
    [
        ("imagefolder", "clothing", 3068, 372, 10),
        ("imagefolder", "sign_digits", 1651, 411, 10),
        ("omniglot", "omniglot", 3872, 968, 242),
    ],
)
def test_real_ones(shared_data, kind, folder, train, test, classes):
    made = build(folder, {"kind": kind, "root": str(shared_data / folder)}, size=16, channels=1, seed=0)
    assert (len(made.split("train")), len(made.split("test")), len(made.classes)) == (train, test, classes)
    assert made.images.std() > 10
