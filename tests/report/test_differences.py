"""What the report says about a model trained elsewhere, from tables whose numbers are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from whypretrain.report.differences import differences
from whypretrain.runtime.files import write_table

CONFIG = {
    "grid": {
        "source": None, "targets": ["photos"], "architectures": ["net"], "methods": ["probe", "mine"], "seeds": [0]
    },
    "train": {"common": {}, "methods": {"probe": {"start": "frozen"}, "mine": {"weights": "file:a.pth"}}},
    "models": {"net": {}},
    "figures": {"estimator": "unbiased"},
}  # fmt: skip
RUN = {"target": "photos", "architecture": "net", "seed": 0}
SEEDS = {"target": "photos", "architecture": "net", "seed_a": 0, "seed_b": 0}


@pytest.fixture
def results(tmp_path):
    agreed = [("self", "probe", 1.0), ("other_image", "mine", 0.2), ("probe_vs_mine", "mine", 0.7)]
    agreed.append(("probe_vs_reinitialised_probe", "reinitialised_probe", 0.4))
    rows = [{**SEEDS, "kind": kind, "a": "probe", "b": b, "degree": "all", "agreement": value, "low": value - 0.1,
             "high": value + 0.1} for kind, b, value in agreed]  # fmt: skip
    write_table(tmp_path / "interactions/agreement.csv", pd.DataFrame(rows))
    parts = {"pre": 2.0, "tuned": 4.0, "preserved": 0.5, "discarded": 1.5, "new": 3.5}
    rows = [{**RUN, "model": "mine", "part": "and", "sample": f"{n:06d}", "normalised": True, "order": 1, **parts}
            for n in range(4)]  # fmt: skip
    write_table(tmp_path / "interactions/knowledge.csv", pd.DataFrame(rows))
    shares = (("mine", 0.25, 0.1), ("reinitialised_probe", 0.15, 0.05))
    rows = [{**RUN, "model": model, "measure": "share", "order": "1", "measured": share, "chance": chance}
            for model, share, chance in shares]  # fmt: skip
    write_table(tmp_path / "interactions/permutation_null.csv", pd.DataFrame(rows))
    layer = {**RUN, "model": "mine", "layer": 1, "layer_name": "layer1.0", "estimator": "unbiased", "forgetting": 0.3}
    layer |= {"learning": 0.1, "cka_divergence": 0.2, "self_pre": 0.99, "self_tuned": 0.98, "permuted": 0.0}
    layer |= {"permuted_learning": 0.05, "repeats": 4, "forgetting_sd": 0.02, "learning_sd": 0.02}
    layer |= {"cka_divergence_sd": 0.02}
    write_table(tmp_path / "invariances/photos/net/0/layers.csv", pd.DataFrame([layer]))
    return tmp_path


def rows(results, config=CONFIG):
    (found,) = differences(results, config)
    return {(q, row.what.split()[0], row.place): row for q, listed in found.answers.items() for row in listed}


def test_every_number_stands_next_to_its_control_and_chance_level(results):
    found = {key: (row.found.estimate, row.itself, row.chance, row.untrained) for key, row in rows(results).items()}
    none = np.nan
    wanted = {
        ("kept", "agreement", "degree all"): (0.7, 1, 0.2, 0.4),
        ("kept", "preserved", "order 1"): (0.25, 1, 0.1, 0.15),
        ("kept", "CKA", "layer1.0"): (0.8, 1, 0, none),
        ("lost", "discarded", "order 1"): (0.75, 0, 0.9, 0.85),
        ("lost", "forgetting", "layer1.0"): (0.3, 0.01, 1, none),
        ("gained", "new", "order 1"): (0.875, 0, 0.95, none),
        ("gained", "learning", "layer1.0"): (0.1, 0.02, 0.95, none),
    }
    assert {key: found[key] for key in wanted} == {
        key: pytest.approx(value, nan_ok=True) for key, value in wanted.items()
    }


def test_bounds_are_over_images_or_draws(results):
    found = rows(results)
    assert found["kept", "agreement", "degree all"].found.low == pytest.approx(0.6)
    assert found["kept", "preserved", "order 1"].found.high == pytest.approx(0.25)  # all samples are alike
    reach = 3.182 * 0.02 / 2  # Student's t with 3 degrees of freedom
    for key, middle in ((("lost", "forgetting"), 0.3), (("kept", "CKA"), 0.8)):
        bounds = found[(*key, "layer1.0")].found
        assert (bounds.low, bounds.high) == pytest.approx((middle - reach, middle + reach), abs=1e-4)


def test_with_the_biased_estimator_the_chance_level_of_cka_is_not_known(results):
    table = pd.read_csv(results / "invariances/photos/net/0/layers.csv").assign(estimator="biased")
    write_table(results / "invariances/photos/net/0/layers.csv", table)
    found = rows(results, {**CONFIG, "figures": {"estimator": "biased"}})
    assert np.isnan(found["kept", "CKA", "layer1.0"].chance)


def test_experiments_without_such_a_model_say_nothing(results, tmp_path):
    assert differences(results, {**CONFIG, "grid": {**CONFIG["grid"], "methods": ["probe"]}}) == []
    assert differences(tmp_path, {}) == []


def test_before_anything_is_measured_there_is_no_number(tmp_path_factory):
    (found,) = differences(tmp_path_factory.mktemp("empty"), CONFIG)
    assert found.answers == {"kept": [], "lost": [], "gained": []}
