import numpy as np
import pytest
import torch

from whypretrain.errors import InputError
from whypretrain.interactions import (
    PlayerSet,
    baseline_values,
    grid_players,
    log_odds,
    moebius,
    safe_for_effects,
    score_coalitions,
    split_knowledge,
    token_players,
)
from whypretrain.interactions.coalitions import all_coalitions

RANDOM = np.random.default_rng(0)
IMAGES = torch.from_numpy(RANDOM.uniform(size=(3, 2, 8, 8)).astype(np.float32))
LABELS = [0, 3, 2]
PLAYERS = [grid_players(4, 5, 8, image=str(index)) for index in range(3)]
BASELINE = torch.full((1, 2, 1, 1), 0.25)


def network(seed: int, inputs: int = 128) -> torch.nn.Module:
    torch.manual_seed(seed)
    layers = (torch.nn.Flatten(), torch.nn.Linear(inputs, 16), torch.nn.Tanh(), torch.nn.Linear(16, 4))
    return torch.nn.Sequential(*layers)


def one_by_one(model, background: bool = True) -> np.ndarray:
    """Every masked image by itself, in plain loops."""
    scores = np.empty((3, 32), dtype=np.float32)
    for sample, players in enumerate(PLAYERS):
        for mask in range(32):
            image = IMAGES[sample].clone()
            for row, column in np.ndindex(8, 8):
                owner = players.owner[row, column]
                if not (mask >> owner & 1 if owner >= 0 else background):
                    image[:, row, column] = 0.25
            logits = model(image[None])[0].detach()
            scores[sample, mask] = log_odds(logits, LABELS[sample])
    return scores


@pytest.mark.parametrize("batch_size", [1, 7, 32, 64, 1000])
@pytest.mark.parametrize("background", ["visible", "masked"])
def test_batched_scores_are_those_of_single_images(batch_size: int, background) -> None:
    models = {"a": network(1), "b": network(2)}
    found = score_coalitions(
        models, IMAGES, LABELS, PLAYERS, baseline=BASELINE, background=background, batch_size=batch_size
    )
    assert found.dtype == np.float32
    for row, model in enumerate(models.values()):
        np.testing.assert_allclose(found[row], one_by_one(model, background == "visible"), atol=2e-5)


def test_the_full_and_the_empty_coalition() -> None:
    whole = grid_players(2, 4, 8)  # no background
    model = network(1)
    found = score_coalitions([model], IMAGES, LABELS, whole, baseline=BASELINE)[0]
    np.testing.assert_allclose(found[:, -1], log_odds(model(IMAGES).detach(), np.array(LABELS)), atol=1e-5)
    hidden = model(BASELINE.expand(IMAGES.shape)).detach()
    np.testing.assert_allclose(found[:, 0], log_odds(hidden, np.array(LABELS)), atol=1e-5)


def test_chosen_coalitions() -> None:
    masks, chosen = np.array([0, 1, 3, 12, 31]), all_coalitions(5)
    full = score_coalitions([network(1)], IMAGES, LABELS, PLAYERS)
    few = score_coalitions([network(1)], IMAGES, LABELS, PLAYERS, coalitions=chosen[masks])
    np.testing.assert_allclose(few, full[..., masks], atol=1e-5)


def linear(images: torch.Tensor) -> torch.Tensor:
    weights = torch.arange(64.0).reshape(8, 8) / 64
    return (images[:, 0] * weights).sum(dim=(1, 2))[:, None]


def product(images: torch.Tensor) -> torch.Tensor:
    return (images[:, 0, 0, 0] * images[:, 0, 7, 7])[:, None]


def test_a_linear_model_has_effects_of_order_one_alone() -> None:
    players = PlayerSet(np.arange(64).reshape(8, 8) // 16)
    found = moebius(score_coalitions([linear], IMAGES, [1, 1, 1], players, baseline=BASELINE))[0]
    weights = torch.arange(64.0).reshape(8, 8) / 64
    parts = ((IMAGES[:, 0] - 0.25) * weights).reshape(3, 4, 16).sum(dim=2)
    np.testing.assert_allclose(found[:, [1, 2, 4, 8]], parts, atol=1e-5)
    np.testing.assert_allclose(found[:, [3, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15]], 0, atol=1e-5)


def test_a_linear_model_in_float64_has_no_other_effect_at_all() -> None:
    weights, images = torch.arange(64.0, dtype=torch.float64).reshape(8, 8) / 64, IMAGES.double()
    players = PlayerSet(np.arange(64).reshape(8, 8) // 8)

    def exact(images: torch.Tensor) -> torch.Tensor:
        return (images[:, 0] * weights).sum(dim=(1, 2))[:, None]

    found = moebius(score_coalitions([exact], images, [1, 1, 1], players, baseline=0.25))[0]
    single = 1 << np.arange(8)
    parts = ((images[:, 0] - 0.25) * weights).sum(dim=2)
    np.testing.assert_allclose(found[:, single], parts, rtol=0, atol=1e-10)
    np.testing.assert_allclose(np.delete(found, [0, *single], axis=1), 0, atol=1e-10)


def test_a_product_is_one_effect_of_order_two() -> None:
    owner = np.full((8, 8), 2)
    owner[0, 0], owner[7, 7] = 0, 1
    found = moebius(score_coalitions([product], IMAGES, [1, 1, 1], PlayerSet(owner), baseline=0.0))[0]
    expected = np.zeros((3, 8))
    expected[:, 0b11] = IMAGES[:, 0, 0, 0] * IMAGES[:, 0, 7, 7]
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_permuted_players_permute_effects_and_change_no_share() -> None:
    order = [3, 1, 4, 0, 2]
    models = [network(1), network(2)]
    plain = moebius(score_coalitions(models, IMAGES, LABELS, PLAYERS, baseline=BASELINE))
    moved = [players.permuted(order) for players in PLAYERS]
    found = moebius(score_coalitions(models, IMAGES, LABELS, moved, baseline=BASELINE))
    masks = np.arange(32)
    old = sum(((masks >> new) & 1) << player for new, player in enumerate(order))
    np.testing.assert_allclose(found, plain[..., old], atol=1e-4)
    one, other = (split_knowledge(each[0], each[1]).preserved for each in (plain, found))
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_players_can_be_words() -> None:
    embedded = torch.from_numpy(RANDOM.normal(size=(1, 6, 5)).astype(np.float32))  # (S, embedding, tokens)
    rest = network(3, inputs=30)
    words = token_players([[1], [2, 3]], 5)
    found = score_coalitions([rest], embedded, [1], words, baseline=0.0)[0, 0]
    without = embedded.clone()
    without[:, :, [2, 3]] = 0
    assert found[0b01] == pytest.approx(float(log_odds(rest(without).detach(), 1)), abs=1e-5)


def test_players_can_be_cells_of_a_feature_map() -> None:
    torch.manual_seed(0)
    stem, rest = (torch.nn.Sequential(torch.nn.Conv2d(2, 3, 2, stride=2), torch.nn.ReLU()), network(4, inputs=48))
    features = stem(IMAGES).detach()
    players = [each.resized(4, 4) for each in PLAYERS]
    found = score_coalitions([rest], features, LABELS, players, baseline=0.0)[0]
    whole = log_odds(rest(stem(IMAGES)).detach(), np.array(LABELS))
    np.testing.assert_allclose(found[:, -1], whole, atol=1e-5)


def test_the_gate_refuses_precision_that_moves_effects() -> None:
    inputs = {"images": IMAGES, "labels": [1, 1, 1], "players": PLAYERS, "baseline": BASELINE}
    assert safe_for_effects({"a": network(1)}, dtype="float32", **inputs) == "float32"
    assert safe_for_effects({"linear": linear}, dtype="bfloat16", **inputs) == "bfloat16"  # nothing to round in it

    def near_cancelling(images: torch.Tensor) -> torch.Tensor:
        summed = images.flatten(1) @ torch.ones(128, 1)
        return 1e3 * (summed - summed.mean() - 1e-3 * summed)

    assert safe_for_effects({"bad": near_cancelling}, dtype="bfloat16", **inputs) == "float32"


def test_sixteen_players() -> None:
    found = score_coalitions([network(1)], IMAGES[:1], [0], grid_players(4, 16, 8), batch_size=1024)
    assert found.shape == (1, 1, 65536)


def test_a_score_that_is_not_finite_names_model_image_and_coalition() -> None:
    def broken(images: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(len(images), 4)
        logits[images[:, 0].sum(dim=(1, 2)) == 0] = torch.nan  # where all is hidden
        return logits

    with pytest.raises(InputError, match=r"model broken: score nan of image dog under coalition 0b0 is not finite"):
        score_coalitions({"fine": network(1), "broken": broken}, IMAGES[:1], [0], grid_players(2, 4, 8), ids=["dog"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": [0, 4, 1]}, "label 4 is no class of a model with 4 classes"),
        ({"labels": [0, 1]}, "2 labels for 3 images"),
        ({"players": PLAYERS[:2]}, "2 player sets for 3 images"),
        ({"players": [*PLAYERS[:2], grid_players(4, 6, 8)]}, "image 2 has 6 players"),
        ({"players": grid_players(4, 5, 16)}, r"image 0 has 5 players on \(16, 16\) positions"),
        ({"background": "hidden"}, "background 'hidden' is unknown"),
        ({"coalitions": np.arange(4)}, r"coalitions are int64 of shape \(4,\): give Booleans, \(masks, 5\)"),
        ({"coalitions": np.ones((2, 4), bool)}, r"bool of shape \(2, 4\): give Booleans, \(masks, 5\)"),
        ({"dtype": "int8"}, "dtype 'int8' is unknown"),
    ],
)
def test_bad_input_is_refused(changes: dict, message: str) -> None:
    given = {"images": IMAGES, "labels": LABELS, "players": PLAYERS} | changes
    with pytest.raises(InputError, match=message):
        score_coalitions([network(1)], **given)


def test_baselines() -> None:
    images = RANDOM.integers(0, 256, size=(4, 2, 16, 16), dtype=np.uint8)
    mean = baseline_values("mean", images, images)
    np.testing.assert_allclose(mean[0, :, 0, 0] * 255, images.mean(axis=(0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(baseline_values("dataset", images, images)[0] * 255, images.mean(axis=0), rtol=1e-6)
    assert (baseline_values("zero", images, images) == 0).all()
    blurred = baseline_values("blur", images, images)
    assert blurred.shape == images.shape
    assert blurred.std() < 0.5 * (images / 255).std()
    assert blurred.mean() == pytest.approx(images.mean() / 255, abs=0.02)
    with pytest.raises(InputError, match="baseline 'noise' is unknown"):
        baseline_values("noise", images, images)


@pytest.mark.parametrize("most", [40, 20, 5, 1])
def test_a_batch_that_does_not_fit_into_memory_is_scored_in_parts(most: int, capsys) -> None:
    whole = network(1)

    def limited(images: torch.Tensor) -> torch.Tensor:
        if len(images) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return whole(images)

    found = score_coalitions([limited], IMAGES, LABELS, PLAYERS, baseline=BASELINE, batch_size=64)
    np.testing.assert_allclose(found[0], one_by_one(whole), atol=2e-5)
    assert "out of memory: batches of 64 now run in 2 parts" in capsys.readouterr().err
    with pytest.raises(InputError, match="too little memory for one image"):
        score_coalitions([lambda images: limited(images[[0] * (most + 1)])], IMAGES, LABELS, PLAYERS)
