"""The statement of costs: how many forwards an image a standard error of the agreement takes."""

import sys
from pathlib import Path

import numpy as np
import timm
import torch
from benchmarks import forwards

from whypretrain.interactions import grid_players, random_coalitions, score_coalitions

sys.path.append(str(Path(__file__).parents[1] / "interactions"))
from planted import from_coefficients, related

VARIANCE = (0.65, 0.25, 0.1)


def planted(n: int, number: int, samples: int) -> tuple[forwards.Game, np.ndarray, np.ndarray]:
    """A game of known variance at each degree, scored on random coalitions."""
    w = related(np.random.default_rng(0), (samples,), n, (0.6, 0.4, 0.3), VARIANCE)
    masks = random_coalitions(n, number, seed=1)
    index = (masks << np.arange(n)).sum(axis=1)
    game = forwards.Game("planted", [], np.empty(0), np.empty(0), 0, n, number, 1)
    return game, np.stack([from_coefficients(one)[:, index] for one in w]), masks


def test_what_is_measured_is_the_error_that_was_asked_for() -> None:
    game, scores, masks = planted(8, 2000, 16)
    rows = list(forwards.measured(game, scores, masks))
    assert [row["degree"] for row in rows] == [1, 2, 3]
    np.testing.assert_allclose([row["share"] for row in rows], VARIANCE, atol=0.08)
    assert [row["way"] for row in rows] == ["measured", "predicted", "predicted"]  # four groups fit at degree 1
    assert 0.3 < rows[0]["sd"] / forwards.ERROR < 2  # of four groups


def test_what_was_not_scored_is_predicted_or_bounded() -> None:
    rows = list(forwards.measured(*planted(12, 100, 3)))
    assert rows[0]["way"] == "predicted"
    assert np.isnan(rows[0]["sd"])
    last = rows[2]
    assert last["way"] == "at least"
    assert np.isnan(last["agreement"])
    assert last["coalitions"] > 100


def test_a_variance_of_which_nothing_is_known_has_no_number() -> None:
    rows = list(forwards.measured(*planted(12, 30, 1)))
    assert rows[2]["way"] == "unknown"
    assert np.isnan([rows[2]["share"], rows[2]["coalitions"], rows[2]["sd"]]).all()


def test_196_players_on_224_pixels_run() -> None:
    torch.manual_seed(0)
    network = timm.create_model("tf_efficientnet_lite0", num_classes=5).eval()
    image = torch.rand(1, 3, 224, 224)
    masks = random_coalitions(196, 10, seed=0)
    found = score_coalitions([network], image, [2], grid_players(14, 196, 224), coalitions=masks, batch_size=5)
    assert found.shape == (1, 1, 10)
    shown = torch.from_numpy(masks[3].reshape(14, 14).repeat(16, 0).repeat(16, 1))
    with torch.inference_mode():
        logits = network(image * shown)[0].double()
    expected = logits[2] - torch.cat([logits[:2], logits[3:]]).logsumexp(0)
    np.testing.assert_allclose(found[0, 0, 3], expected.item(), atol=1e-3)
