"""What predicts fine-tuned accuracy beyond the probe, against definitions and planted answers."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata, spearmanr

from whypretrain.claims.starts import predictors, starts
from whypretrain.errors import InputError


def planted(number=14, targets=("a", "b", "c"), seed=0):
    """Starts whose fine-tuned accuracy is that of the probe and something that `knn` knows and `logme` does not."""
    random = np.random.default_rng(seed)
    rows = []
    for target in targets:
        probe, more, noise = random.random((3, number))
        for start in range(number):
            for run in (0, 1):
                rows.append(
                    {"target": target, "architecture": f"s{start:02d}", "seed": run, "probe": probe[start]}
                    | {"finetuned": probe[start] + more[start] + 0.01 * run, "knn": more[start]}
                    | {"logme": noise[start] + probe[start], "agreement_1": np.nan if start == 0 else 0.5}
                )
    table = pd.DataFrame(rows)
    rest = ("training_gflop", "agreement_2", "agreement_all", "preserved", "forgetting_early", "forgetting_late")
    return table.assign(**dict.fromkeys((*rest, "cka_early", "cka_late"), np.nan))


def test_what_was_planted_is_found():
    found = predictors(planted()).set_index("measure")
    assert list(found.index) == ["probe", "knn", "logme"]  # measures that some start lacks are left out
    assert (found[["starts", "targets"]] == [14, 3]).all(axis=None)
    assert found.loc["knn", "adds"]
    assert found.loc["knn", "beyond_low"] > 0.3
    assert found.loc["knn", "gain"] > 0.9
    assert not found.loc["logme", "adds"]
    assert found.loc["logme", "beyond_low"] < 0 < found.loc["logme", "beyond_high"]
    assert found.loc["logme", "gain"] < 0.2
    assert found.loc["probe", "beyond"] != found.loc["probe", "beyond"]


def test_statistics_are_those_of_their_definitions():
    table = planted(8)
    found, means = predictors(table).set_index("measure"), table.groupby(["target", "architecture"]).mean(True)
    rho, partial, alone, both = [], [], [], []
    for _, part in means.groupby("target"):
        m, p, y = (part[name].to_numpy() for name in ("logme", "probe", "finetuned"))
        rho.append(spearmanr(m, y).statistic)
        ranks = [rankdata(each) for each in (m, y)]
        line = np.column_stack([np.ones(8), rankdata(p)])
        rests = [each - line @ np.linalg.lstsq(line, each, rcond=None)[0] for each in ranks]
        partial.append(np.corrcoef(*rests)[0, 1])
        for given, errors in (((p,), alone), ((p, m), both)):
            design = np.column_stack([np.ones(8), *given])
            for out in range(8):
                kept = np.arange(8) != out
                fit = np.linalg.lstsq(design[kept], y[kept], rcond=None)[0]
                errors.append((y[out] - design[out] @ fit) ** 2)
    assert found.loc["logme", "correlation"] == pytest.approx(np.mean(rho))
    assert found.loc["logme", "beyond"] == pytest.approx(np.mean(partial))
    assert found.loc["logme", "gain"] == pytest.approx(1 - np.sum(both) / np.sum(alone))


def test_the_same_seed_gives_the_same_bounds():
    pd.testing.assert_frame_equal(predictors(planted()), predictors(planted()))


def test_few_starts_are_refused():
    with pytest.raises(InputError, match="5 starts; predictors of transfer need 6"):
        predictors(planted(5))


def test_tables_are_joined_by_start():
    key = {"target": "a", "architecture": "net", "seed": 1}
    measured = pd.DataFrame([key | {"knn": 0.3, "logme": 0.1, "training_gflop": 2.0}])
    kept = {"preserved": 0.2, "forgetting_early": 0.1, "forgetting_late": 0.4, "cka_early": 0.0, "cka_late": 0.3}
    across = pd.DataFrame(
        [key | {"method": "tune", "accuracy": 0.9} | kept, key | {"method": "lin", "accuracy": 0.6}]
    ).reindex(columns=[*key, "method", "accuracy", *kept])
    pair = {"target": "a", "architecture": "net", "a": "lin", "b": "tune"}
    agreement = pd.DataFrame(
        [
            pair | {"kind": "lin_vs_tune", "seed_a": 1, "seed_b": 1, "degree": "1", "agreement": 0.5},
            pair | {"kind": "lin_vs_tune", "seed_a": 1, "seed_b": 2, "degree": "1", "agreement": 0.7},
            pair | {"kind": "other_image", "seed_a": 1, "seed_b": 1, "degree": "1", "agreement": 0.1},
        ]
    )
    [row] = starts(measured, across, agreement, probe="lin", finetune="tune").to_dict("records")
    expected = key | {"finetuned": 0.9, "probe": 0.6, "knn": 0.3, "logme": 0.1, "training_gflop": 2.0} | kept
    assert {name: row[name] for name in expected} == expected
    assert row["agreement_1"] == 0.5
    assert np.isnan(row["agreement_2"])
    with pytest.raises(InputError, match="no rows of method 'other'"):
        starts(measured, across, agreement, probe="lin", finetune="other")
