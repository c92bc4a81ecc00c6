"""The robustness statistic on the paper's curves (arXiv:2307.06006, Figs 5, 14, App. C.1), and on made ones.

Of the published curves, 9 of 100 epochs are kept, so r = 0.781 over all epochs cannot be computed from them.
What can be is tested: Fig. 14 on epochs 1-3, all of which are kept; the mean r and mean p of 100 epochs whose
per-severity correlations are the ones recomputed from the plotted curves (0.724, 0.760, 0.755, 0.820, 0.847);
and App. C.1 on complete per-layer curves.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from whypretrain.errors import InputError
from whypretrain.invariances import correlate, correlations, spread

PUBLISHED = Path(__file__).parents[2] / "workflow/whypretrain/resources/published"


def published(name: str) -> pd.DataFrame:
    return pd.read_csv(PUBLISHED / f"invariances_{name}.csv")


def dynamics(dataset: str, metric: str, over: str) -> pd.DataFrame:
    """Epochs x layers or severities, at the epochs that every series has."""
    table = published("dynamics").query("target_dataset == @dataset and metric == @metric")
    return table.drop_duplicates([over, "epoch"]).pivot(index="epoch", columns=over, values="value").dropna()


@pytest.fixture(scope="module")
def cifar10():
    forgetting, accuracy = (dynamics("cifar10", "forgetting", "layer"), dynamics("cifar10", "accuracy", "severity"))
    epochs = forgetting.index.intersection(accuracy.index)
    return epochs.to_numpy(), spread(forgetting.loc[epochs]), accuracy.loc[epochs, [1, 2, 3, 4, 5]].to_numpy()


def series_with_correlations(r: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """x (n,) and y (n, len(r)) with exactly these sample correlations."""
    raw = np.random.default_rng(0).standard_normal((n, len(r) + 1))
    basis = np.linalg.qr(raw - raw.mean(0))[0]
    return basis[:, 0], basis[:, :1] * r + basis[:, 1:] * np.sqrt(1 - r**2)


def test_first_epochs_of_figure_14(cifar10):
    epochs, spreads, accuracies = cifar10
    assert epochs[:3].tolist() == [1, 2, 3]
    expected = published("fig14").query("target_dataset == 'cifar10' and n_epochs == 3").pearson_r.item()
    assert correlate(spreads[:3], accuracies[:3]).r == pytest.approx(expected, abs=0.005)


def test_effect_lives_in_the_first_epochs(cifar10):
    """r falls without the first four epochs: over all 100 from 0.78 to 0.07, over the kept nine likewise."""
    epochs, spreads, accuracies = cifar10
    starts = (1, 2, 3, 5)
    found = [correlate(spreads[epochs >= start], accuracies[epochs >= start]).r for start in starts]
    by_numpy = [
        np.mean([np.corrcoef(spreads[epochs >= start], row)[0, 1] for row in accuracies[epochs >= start].T])
        for start in starts
    ]
    assert found == pytest.approx(by_numpy)
    assert by_numpy == pytest.approx([0.918, 0.931, 0.786, 0.447], abs=5e-4)


@pytest.mark.parametrize(
    ("by_severity", "r", "p"),
    [
        ([0.724, 0.760, 0.755, 0.820, 0.847], 0.781, 3.5e-18),  # CIFAR-10; published: 0.78, 3.52e-18
        ([0.877, 0.872, 0.884, 0.872, 0.847], 0.870, 2.4e-29),  # CIFAR-100; published p: 2.51e-16, unexplained
    ],
)
def test_mean_r_and_mean_p_of_the_paper(by_severity, r, p):
    """They are means over the severities, of 100 epochs; p by Student's t of 98 degrees of freedom."""
    found = correlate(*series_with_correlations(np.array(by_severity), 100))
    assert found.r == pytest.approx(r, abs=6e-4)
    t = np.array(by_severity) * np.sqrt(98 / (1 - np.square(by_severity)))
    assert found.p == pytest.approx(np.mean(2 * scipy.stats.t.sf(t, 98)), rel=1e-6)
    assert found.p == pytest.approx(p, rel=0.1)


def test_learning_and_forgetting_correlate_over_layers_as_published():
    curves = published("layer_metrics")
    wide = curves.pivot_table(
        index=["pretraining", "target_dataset", "task", "layer"], columns="metric", values="value"
    )
    for row in published("layer_correlations").itertuples():
        pair = wide.loc[row.pretraining, row.target_dataset, row.task]
        assert len(pair) == 12
        found = correlate(pair.forgetting.to_numpy(), pair[["learning"]].to_numpy())
        assert found.r == pytest.approx(row.pearson_r_recomputed, abs=0.006)


def test_spread_leaves_out_the_first_layer():
    forgetting = np.array([[9.0, 1.0, 3.0], [0.0, 2.0, 2.0]])
    np.testing.assert_allclose(spread(forgetting), [1.0, 0.0])
    np.testing.assert_allclose(spread(forgetting, first_layer=1), forgetting.std(1))


def test_correlations_leave_out_more_and_more_of_the_beginning():
    """Six checkpoints, three layers of which the first does not count; step 0 and clean images neither."""
    spreads, accuracies = series_with_correlations(np.array([0.3, -0.5]), 6)
    rows = [
        ("forgetting", "biased", step, layer, value)
        for step, size in enumerate([9.0, *spreads])
        for layer, value in ((1, 7.0), (2, size), (3, -size))
    ]
    dynamics = pd.DataFrame(rows, columns=["metric", "estimator", "step", "layer", "value"])
    dynamics["value"] = dynamics["value"].where(dynamics["layer"] < 2, dynamics["value"] + 3)
    hurt = [
        (step, severity, accuracy)
        for step, row in enumerate([(0.1, 0.1), *accuracies])
        for severity, accuracy in ((0, 0.5), *enumerate(row, 1))
    ]
    found = correlations(dynamics, pd.DataFrame(hurt, columns=["step", "severity", "accuracy"]))
    assert found["first_step"].tolist() == [1, 2, 3]
    assert found["first_share"].tolist() == pytest.approx([1 / 6, 2 / 6, 3 / 6])
    assert found["checkpoints"].tolist() == [6, 5, 4]
    whole, late = (np.abs(spreads), accuracies), (np.abs(spreads[2:]), accuracies[2:])
    assert found["pearson_r"].iloc[[0, 2]].tolist() == pytest.approx([correlate(*each).r for each in (whole, late)])


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([0.1, 0.2], [[1.0], [2.0]], "at least 3"),
        ([0.1, 0.2, 0.3], [[1.0], [2.0]], "robustness needs"),
        ([0.1, 0.1, 0.1], [[1.0], [2.0], [3.0]], "undefined"),
    ],
)
def test_bad_input(x, y, words):
    with pytest.raises(InputError, match=words):
        correlate(x, y)
