import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.interactions import (
    interaction_similarity,
    moebius,
    normaliser,
    salient,
    scratch_ratio,
    split_knowledge,
)

# Subsets empty, {0}, {1}, {0, 1} of one sample.
PRE = np.array([[0, 2, -1, 0.5]])
TUNED = np.array([[0, 1.5, 0.8, 0.7]])
SCRATCH = np.array([[0, 0.4, -0.9, 0.9]])
RAW = {"threshold": 0.0, "normalise": False}


def effects(seed: int, n: int = 6, samples: int = 5) -> np.ndarray:
    return moebius(np.random.default_rng(seed).normal(size=(samples, 1 << n)))


def test_the_split_by_hand() -> None:
    split = split_knowledge(PRE, TUNED, **RAW)
    np.testing.assert_allclose(split.pre, [[3, 0.5]])
    np.testing.assert_allclose(split.tuned, [[2.3, 0.7]])
    np.testing.assert_allclose(split.preserved, [[1.5, 0.5]])
    np.testing.assert_allclose(split.discarded, [[1.5, 0]])
    np.testing.assert_allclose(split.new, [[0.8, 0.2]], atol=1e-15)
    assert split.preserve_share() == pytest.approx(2 / 3.5)
    np.testing.assert_allclose(split.discard_share(per_order=True), [0.5, 0])
    assert split.new_share() == pytest.approx(1 / 3)


def test_the_scratch_ratio_by_hand() -> None:
    ratio = scratch_ratio(PRE, TUNED, SCRATCH, **RAW)
    assert ratio.total() == pytest.approx(0.45)
    np.testing.assert_allclose(ratio.per_order(), [0.4 / 1.5, 1])
    assert scratch_ratio(PRE, TUNED, SCRATCH, rule="count", **RAW).total() == 1  # {0} and {0, 1}, signs agree


def test_rules_by_hand() -> None:
    whole = split_knowledge(PRE, TUNED, rule="set", **RAW)
    np.testing.assert_allclose([whole.preserved[0], whole.discarded[0], whole.new[0]], [[2, 0.5], [1, 0], [0.8, 0]])
    count = split_knowledge(PRE, TUNED, rule="count", **RAW)
    np.testing.assert_array_equal([count.pre[0], count.preserved[0], count.new[0]], [[2, 1], [1, 1], [1, 0]])


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("threshold", [0, 0.01, 0.05, 0.3, 0.99])
@pytest.mark.parametrize("rule", ["effect", "count"])
def test_parts_add_up_at_every_threshold(rule, threshold: float, normalise: bool) -> None:
    split = split_knowledge(effects(1), effects(2), threshold=threshold, normalise=normalise, rule=rule)
    np.testing.assert_allclose(split.pre, split.preserved + split.discarded, atol=1e-13)
    np.testing.assert_allclose(split.tuned, split.preserved + split.new, atol=1e-13)


def test_thresholding_comes_before_comparing() -> None:
    """Compared first and thresholded after, 1 would be split into 0.5 and 0.4901."""
    a, b = np.array([[0, 0.5, 0.5, 0]]), np.array([[0, 1 / 101, 100 / 101, 0]])
    split = split_knowledge(a, b, threshold=0.05, normalise=False)
    assert (split.pre[0, 0], split.preserved[0, 0], split.discarded[0, 0]) == (1, 0.5, 0.5)


def test_shares_and_similarity_agree() -> None:
    a, b = effects(1), effects(2)
    split = split_knowledge(a, b, **RAW)
    kept, lost, new = split.preserved.sum(1), split.discarded.sum(1), split.new.sum(1)
    np.testing.assert_allclose(interaction_similarity(a, b), kept / (kept + lost + new))


def test_a_model_preserves_itself() -> None:
    a = effects(1)
    split = split_knowledge(a, a)
    assert (split.preserve_share(), split.discard_share(), split.new_share()) == (1, 0, 0)


def test_scale_is_removed_by_normalising() -> None:
    a, b = effects(1), effects(2)
    one, other = split_knowledge(a, b), split_knowledge(a, 7 * b)
    np.testing.assert_allclose(one.preserved, other.preserved)
    assert split_knowledge(a, 7 * a, normalise=False).new_share() == pytest.approx(6 / 7)


def test_opposite_signs_are_not_preserved() -> None:
    a = effects(1)
    assert split_knowledge(a, -a).preserve_share() == 0


def test_the_scratch_ratio_spans_zero_to_one() -> None:
    a, b = effects(1), effects(2)
    preserved = np.where(a * b > 0, np.sign(a) * np.minimum(np.abs(a), np.abs(b)), 0)
    assert scratch_ratio(a, b, preserved, **RAW).total() == pytest.approx(1)
    assert scratch_ratio(a, b, -preserved, **RAW).total() == 0


def test_an_order_without_effects_is_undefined_and_counted() -> None:
    a = effects(1).copy()
    a[:, [3, 5, 6]] = 0
    a = np.where(np.isin(np.bitwise_count(np.arange(64)), [2]), 0, a)
    share = split_knowledge(a, effects(2)).preserve_share(per_order=True)
    ratio = scratch_ratio(a, effects(2), effects(3))
    assert np.isnan(share[1])
    assert np.isfinite(share[[0, 2]]).all()
    assert np.isnan(ratio.per_order()[1])
    assert ratio.n_undefined()[1] == 5


def test_an_empty_salient_set_is_undefined_not_an_error() -> None:
    nothing = np.zeros((2, 8))
    split = split_knowledge(nothing, nothing, normalise=False)
    assert np.isnan(split.preserve_share())


def test_many_models_at_once() -> None:
    a, several = effects(1), np.stack([effects(2), effects(3)])
    together = split_knowledge(a, several)
    for row in range(2):
        np.testing.assert_allclose(together.preserved[row], split_knowledge(a, several[row]).preserved)


def test_salience_is_strict_and_relative_to_the_largest_effect_of_all_samples() -> None:
    given = np.array([[9.0, 1.0, 0.05, 0.051], [0.0, -0.049, -0.06, 0.0]])
    np.testing.assert_array_equal(salient(given, threshold=0.05, normalise=False), [[0, 1, 0, 0.051], [0, 0, -0.06, 0]])
    np.testing.assert_array_equal(salient(given, threshold=0, normalise=False)[:, 1:], given[:, 1:])


def test_the_normaliser_is_the_mean_change() -> None:
    v = np.random.default_rng(0).normal(size=(4, 16))
    assert normaliser(moebius(v)) == pytest.approx(np.abs(v[:, -1] - v[:, 0]).mean())


def test_a_zero_normaliser_is_refused() -> None:
    flat = moebius(np.array([[1.0, 2, 3, 1]]))
    with pytest.raises(InputError, match=r"fine-tuned: v\(N\) - v\(empty\) is below 1e-06"):
        split_knowledge(PRE, flat)
    assert split_knowledge(PRE, flat, normalise=False).new_share() > 0
    assert np.isnan(salient(flat)).all()


@pytest.mark.parametrize("other", [np.zeros((1, 8)), np.zeros((2, 4))])
def test_other_players_or_samples_are_refused(other: np.ndarray) -> None:
    with pytest.raises(InputError, match="same samples and players"):
        split_knowledge(PRE, other)


@pytest.mark.parametrize("threshold", [-0.1, 1, np.nan])
def test_a_threshold_out_of_range_is_refused(threshold: float) -> None:
    with pytest.raises(InputError, match="threshold"):
        split_knowledge(PRE, TUNED, threshold=threshold)


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(InputError, match="rule 'sets' is unknown"):
        split_knowledge(PRE, TUNED, rule="sets")


def test_permuted_players_change_no_total() -> None:
    order = [2, 0, 1, 5, 3, 4]
    masks = np.arange(64)
    renamed = sum(((masks >> old) & 1) << new for old, new in enumerate(order))
    one = split_knowledge(effects(1), effects(2))
    other = split_knowledge(effects(1)[:, renamed], effects(2)[:, renamed])
    np.testing.assert_allclose(one.preserved, other.preserved)
    np.testing.assert_allclose(one.new, other.new)
