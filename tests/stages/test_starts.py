"""Stage starts: from features and tables of six starts to what predicts their accuracy."""

import numpy as np
import pandas as pd
import pytest

from whypretrain import models
from whypretrain.models import Architecture
from whypretrain.models.cost import cost
from whypretrain.provenance import card_of
from whypretrain.runtime.files import read_json, read_table, write_table
from whypretrain.stages import starts

NAMES = [f"net{number}" for number in range(6)]
NETWORK = Architecture("test_resnet", 32, 3)


@pytest.fixture
def finished(tmp_path, monkeypatch):
    """Six starts whose features separate two classes better the higher their number."""
    monkeypatch.chdir(tmp_path)
    random, rows = np.random.default_rng(0), []
    labels = np.arange(60) % 2
    model = models.build(NETWORK, ["a", "b"], seed=0)
    for number, name in enumerate(NAMES):
        models.save(model, tmp_path / "pretrain" / name / "0", {})
        folder = tmp_path / "features" / name / "0"
        folder.mkdir(parents=True)
        features = number * np.eye(2)[labels] + 2 * random.standard_normal((60, 2))
        np.savez(folder / "cells.npz", features=features, labels=labels, is_train=np.arange(60) < 40)
        start = {"target": "cells", "architecture": name, "seed": 0, "preserved": 0.5, "images_seen": 10}
        rows += [start | {"method": "probe", "accuracy": 0.5 + 0.01 * number}]
        rows += [start | {"method": "finetune", "accuracy": 0.6 + 0.02 * number}]
    table = pd.DataFrame(rows)
    write_table("runs.csv", table)
    others = ["forgetting_early", "forgetting_late", "cka_early", "cka_late"]
    write_table("across.csv", table.assign(**dict.fromkeys(others, np.nan)))
    pair = table[table["method"] == "probe"].rename(columns={"seed": "seed_a"}).assign(seed_b=0, agreement=0.3)
    write_table("agreement.csv", pair.assign(kind="probe_vs_finetune", degree="all"))
    return tmp_path


def test_six_starts_are_compared(finished):
    files = [f"features/{name}/0/cells.npz" for name in NAMES]
    cards = [f"pretrain/{name}/0/model.json" for name in NAMES]
    given = {"runs": "runs.csv", "across": "across.csv", "agreement": "agreement.csv", "out": "out"}
    arguments = [word for name, value in given.items() for word in (f"--{name}", value)]
    config = '{"probe": "probe", "finetune": "finetune", "seed": 0}'
    starts.main(["--config", config, "--features", *files, "--models", *cards, *arguments])
    table = read_table("out/table.csv").set_index("architecture")
    assert list(table.index) == NAMES
    assert {*files, *cards} <= set(read_json(card_of("out/table.csv"))["inputs"])
    assert table["logme"].is_monotonic_increasing
    assert table.loc["net5", "knn"] > table.loc["net0", "knn"]
    np.testing.assert_allclose(table["training_gflop"], 10 * cost(NETWORK).training / 1e9)
    assert (table["agreement_all"] == 0.3).all()
    found = read_table("out/predictors.csv").set_index("measure")
    assert {"probe", "knn", "logme"} <= set(found.index)
    assert found.loc["logme", "correlation"] == 1
    assert np.isnan(found.loc["logme", "beyond"])  # the probe has the same order
    assert not found["adds"].fillna(False).astype(bool).any()
