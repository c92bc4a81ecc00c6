from collections.abc import Sequence

import numpy as np
import pytest
import torch
from planted import from_coefficients, related

from whypretrain.errors import InputError
from whypretrain.interactions import agreement, commonality, moebius, orders, over_seeds, split_knowledge, walsh

RANDOM = np.random.default_rng(0)
A, B, C = RANDOM.normal(size=(3, 5, 64))
FIELDS = ("by_degree", "low", "high", "all", "all_low", "all_high", "n_undefined", "all_undefined")


def assert_same(one, other) -> None:
    for field in FIELDS:
        np.testing.assert_allclose(getattr(one, field), getattr(other, field), atol=1e-10)


def test_agreement_is_the_ratio_of_its_definition() -> None:
    found, a, b = agreement(A, B), walsh(A), walsh(B)
    for degree in range(1, 7):
        x, y = a[:, orders(6) == degree].ravel(), b[:, orders(6) == degree].ravel()
        assert found.by_degree[degree - 1] == pytest.approx(x @ y / np.sqrt((x @ x) * (y @ y)))
    x, y = (scores - scores.mean(axis=1, keepdims=True) for scores in (A, B))
    assert found.all == pytest.approx((x * y).sum() / np.sqrt((x**2).sum() * (y**2).sum()))
    np.testing.assert_allclose(found.kept, np.maximum(found.by_degree, 0) ** 2)
    np.testing.assert_allclose(found.new, 1 - found.kept)
    assert (found.by_degree < 0).any()
    assert (found.by_degree > 0).any()


def test_a_function_agrees_with_itself() -> None:
    found = agreement(A, A)
    assert (found.by_degree == 1).all()
    assert found.all == found.all_high == 1
    np.testing.assert_allclose([found.low, found.high], 1, atol=2e-6)
    np.testing.assert_allclose(agreement(A, 7 - 0.3 * A).by_degree, -1)


def test_constants_and_positive_factors_change_nothing() -> None:
    constants = np.arange(5.0)[:, None]
    assert_same(agreement(A, B), agreement(3 * A - 2, 0.1 * B + constants))


def test_relabelled_players_change_nothing() -> None:
    masks, order = np.arange(64), [4, 0, 5, 2, 1, 3]
    renamed = sum(((masks >> old) & 1) << new for old, new in enumerate(order))
    assert_same(agreement(A, B), agreement(A[:, renamed], B[:, renamed]))
    assert not np.allclose(agreement(A, B).by_degree, agreement(A[:, renamed], B).by_degree)


def test_complemented_coalitions_change_nothing() -> None:
    assert_same(agreement(A, B), agreement(A[:, ::-1], B[:, ::-1]))


def test_models_are_exchangeable_and_batched() -> None:
    assert_same(agreement(A, B), agreement(B, A))
    both = agreement(A, np.stack([B, C]))
    for field in FIELDS:
        np.testing.assert_allclose(getattr(both, field)[1], getattr(agreement(A, C), field))


def test_torch_scores_are_taken() -> None:
    assert_same(agreement(A, B), agreement(torch.from_numpy(A), torch.from_numpy(B)))


def planted(kind: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two models that share half their patterns, each an AND or an OR of players with a random weight."""
    random, masks = np.random.default_rng(seed), np.arange(256)
    subsets = random.choice(np.arange(1, 256), size=18, replace=False)
    met = masks & subsets[:, None]
    active = met == subsets[:, None] if kind == "and" else met > 0
    weights = random.normal(size=(2, 4, 18))
    weights[0, :, 12:] = weights[1, :, :6] = 0
    weights[1, :, 6:12] = weights[0, :, 6:12]
    return tuple(weights @ active)


@pytest.mark.parametrize("seed", [0, 3, 4])
def test_and_games_and_or_games_of_equal_truth_agree_equally(seed: int) -> None:
    ands, ors = planted("and", seed), planted("or", seed)
    assert_same(agreement(*ands), agreement(*ors))
    assert 0.2 < agreement(*ands).all < 0.9
    shares = [float(split_knowledge(*map(moebius, games)).preserve_share()) for games in (ands, ors)]
    assert abs(shares[0] - shares[1]) > 0.1  # which a share of AND effects does not


def scales(shape: Sequence[int], spread: float, random: np.random.Generator) -> np.ndarray:
    return np.exp(spread * random.normal(size=(*shape, 1)))


@pytest.mark.parametrize("samples", [16, 40])
@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_unrelated_functions_are_covered(samples: int, spread: float) -> None:
    random = np.random.default_rng([samples, round(10 * spread)])
    a, b = random.normal(size=(2, 1000, samples, 32))
    found = agreement(a * scales(a.shape[:2], spread, random), b * scales(a.shape[:2], spread, random))
    covered = ((found.low <= 0) & (found.high >= 0)).mean()  # 1,000 simulations at each of 5 degrees
    assert 0.93 <= covered <= 0.97
    assert 0.93 <= ((found.all_low <= 0) & (found.all_high >= 0)).mean() <= 0.97
    assert np.abs(found.by_degree.mean(axis=0)).max() < 4 / np.sqrt(1000 * samples)


@pytest.mark.parametrize("truth", [0.3, 0.8])
def test_related_functions_are_covered(truth: float) -> None:
    random = np.random.default_rng(1)
    scale = scales((1000, 40), 0.3, random)
    a, b = (from_coefficients(scale * w) for w in related(random, (1000, 40), 5, [truth] * 5, [0.2] * 5))
    found = agreement(a, b)
    assert 0.93 <= ((found.low <= truth) & (found.high >= truth)).mean() <= 0.97
    assert 0.93 <= ((found.all_low <= truth) & (found.all_high >= truth)).mean() <= 0.97
    assert not ((found.low <= truth - 0.2) & (found.high >= truth - 0.2)).all()


def test_a_wider_confidence_gives_a_wider_interval() -> None:
    narrow, wide = agreement(A, B, confidence=0.5), agreement(A, B, confidence=0.99)
    assert (wide.low < narrow.low).all()
    assert (wide.high > narrow.high).all()


def test_degrees_without_variance_are_undefined_and_counted() -> None:
    additive = walsh(A) * (orders(6) <= 1)
    additive[2] = 0  # a sample in which the model says the same whatever is shown
    flat = (from_coefficients(additive) + 20).astype(np.float32)  # with the rounding of float32
    found = agreement(flat, B)
    assert np.isnan(found.by_degree[1:]).all()
    assert np.isnan([found.low[1:], found.high[1:], found.kept[1:], found.new[1:]]).all()
    assert found.n_undefined.tolist() == [1, 5, 5, 5, 5, 5]
    assert found.all_undefined == 1
    assert np.isfinite([found.by_degree[0], found.low[0], found.all, found.all_low]).all()


def test_small_variance_above_rounding_is_kept() -> None:
    found = agreement((5 + 1e-2 * A).astype(np.float32), A)
    np.testing.assert_allclose(found.by_degree, 1, atol=5e-3)
    assert (found.n_undefined == 0).all()
    assert found.all_low > 0.9999


def test_one_sample_has_an_agreement_and_no_interval() -> None:
    found = agreement(A[:1], B[:1])
    assert np.isfinite(found.by_degree).all()
    assert np.isnan([*found.low, *found.high, found.all_low, found.all_high]).all()


def test_over_seeds_is_students_t_of_the_agreements() -> None:
    each = [agreement(A, B), agreement(B, C), agreement(A, C)]
    found = over_seeds(each)
    values = np.array([one.by_degree for one in each])
    np.testing.assert_allclose(found.by_degree, values.mean(axis=0))
    reach = 4.302652729911275 * values.std(axis=0, ddof=1) / np.sqrt(3)  # t of 2 degrees of freedom
    np.testing.assert_allclose(found.high, np.minimum(values.mean(axis=0) + reach, 1))
    assert found.all == pytest.approx(np.mean([one.all for one in each]))
    assert np.isnan(over_seeds(each[:1]).low).all()
    np.testing.assert_array_equal(over_seeds(each[:1]).by_degree, each[0].by_degree)


def test_seeds_of_other_players_are_refused() -> None:
    with pytest.raises(InputError, match=r"shapes \[\(5,\), \(6,\)\]: give .* the same players"):
        over_seeds([agreement(A, B), agreement(A[:, :32], B[:, :32])])
    with pytest.raises(InputError, match=r"shapes \[\]: give one or more seeds"):
        over_seeds([])


def test_commonality_is_least_squares() -> None:
    tuned = A + 0.8 * B + 0.4 * C
    found, models = commonality(tuned, A, B), [walsh(scores) for scores in (tuned, A, B)]
    for degree in range(1, 7):
        y, *x = (w[:, orders(6) == degree].ravel() for w in models)

        def r2(*chosen: np.ndarray, y: np.ndarray = y) -> float:
            design = np.stack(chosen, axis=1)
            return 1 - ((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2).sum() / (y @ y)

        at = degree - 1
        assert found.r2_pretrained[at] == pytest.approx(r2(x[0]))
        assert found.r2_scratch[at] == pytest.approx(r2(x[1]))
        assert found.r2_both[at] == pytest.approx(r2(*x))
        assert found.unique_pretrained[at] == pytest.approx(r2(*x) - r2(x[1]))
        assert found.unique_scratch[at] == pytest.approx(r2(*x) - r2(x[0]))
    parts = found.unique_pretrained + found.unique_scratch + found.common + found.new
    np.testing.assert_allclose(parts, 1)
    assert found.all.r2_pretrained == pytest.approx(float(agreement(tuned, A).all) ** 2)


def test_the_common_part_is_negative_under_suppression() -> None:
    found = commonality(A - B, A, A + B)  # neither alone explains what both do
    assert found.all.new == pytest.approx(0, abs=1e-12)
    assert found.all.common < -0.3


def test_a_model_twice_explains_nothing_on_its_own() -> None:
    found = commonality(A + B, A, 2 * A)
    np.testing.assert_allclose([found.unique_pretrained, found.unique_scratch], 0, atol=1e-12)
    np.testing.assert_allclose(found.common, found.r2_both)


def test_commonality_without_variance_is_undefined() -> None:
    found = commonality(np.stack([A, B]), B, np.ones_like(A))
    assert found.r2_both.shape == (2, 6)
    for part in (found.unique_pretrained, found.unique_scratch, found.common, found.new, found.r2_pretrained):
        assert np.isnan(part).all()
    assert (found.n_undefined == 5).all()
    assert np.isnan(found.all.new).all()


@pytest.mark.parametrize("measure", [agreement, lambda a, b: commonality(a, a, b)])
def test_scores_that_do_not_fit_are_refused(measure) -> None:
    with pytest.raises(InputError, match=r"samples or players .*\(5, 64\).*\(4, 64\).*: use the same"):
        measure(A, B[:4])
    with pytest.raises(InputError, match=r"samples or players .*\(5, 64\).*\(5, 32\)"):
        measure(A, B[:, :32])
    with pytest.raises(InputError, match=r"shape \(64,\); give \(samples, 2\^n\)"):
        measure(A, B[0])
    with pytest.raises(InputError, match="63 entries"):
        measure(A, B[:, :63])
    with pytest.raises(InputError, match="not finite; remove or score"):
        measure(A, np.where(B > 2, np.nan, B))


def test_a_confidence_outside_its_range_is_refused() -> None:
    with pytest.raises(InputError, match=r"confidence 95 is outside \(0, 1\)"):
        agreement(A, B, confidence=95)
