import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.interactions import and_or, error_bound, moebius, or_reconstruct, zeta
from whypretrain.interactions.and_or import admm, atoms, interior


def planted(n: int, atoms: int, seed: int = 0) -> tuple[np.ndarray, float]:
    """A game of few AND effects and few OR effects of two or more players, and the sum of their sizes."""
    random = np.random.default_rng([seed, n])
    effects = np.zeros((2, 1 << n))
    several = np.flatnonzero(np.bitwise_count(np.arange(1 << n)) > 1)
    for kind in effects:
        kind[random.choice(several, atoms // 2, replace=False)] = random.normal(size=atoms // 2)
    return zeta(effects[0]) + or_reconstruct(effects[1]), float(np.abs(effects).sum())


def optimum(v: np.ndarray, kappa: float) -> float:
    """The linear program over a dense dictionary of all atoms: written down plainly, independent of the package."""
    from scipy.optimize import linprog

    masks = np.arange(v.size)
    ands = (masks[:, None] & masks) == masks
    ors = (masks[:, None] & masks[1:]) > 0
    atoms = np.concatenate([ands, ors], axis=1).astype(float)
    both = np.concatenate([atoms, -atoms], axis=1)
    limits = np.concatenate([v + kappa, kappa - v])
    return linprog(np.ones(both.shape[1]), A_ub=np.concatenate([both, -both]), b_ub=limits, method="highs").fun


@pytest.mark.parametrize("solver", ["interior", "admm"])
@pytest.mark.parametrize(("n", "atoms", "noise"), [(4, 6, 0), (6, 10, 0), (6, 40, 0), (6, 10, 0.02)])
def test_every_solver_reaches_the_optimum(solver, n: int, atoms: int, noise: float) -> None:
    v, _ = planted(n, atoms)
    v = v + noise * np.random.default_rng(0).normal(size=v.shape)
    found = and_or(v, kappa=noise, solver=solver, iterations=20_000)
    assert found.l1 == pytest.approx(optimum(v, noise), rel=1e-6)
    assert -1e-9 <= found.gap <= 1.01e-6 * found.l1
    assert np.abs(found.reconstruct() - v).max() <= noise + 1e-9


def test_newton_steps_from_a_rough_solution_reach_the_optimum_sooner(monkeypatch) -> None:
    v = np.random.default_rng(0).normal(size=64)
    target = atoms.signs(6) * moebius(v)
    rough = admm.sparsest(v[None, None], np.zeros((1, 1)), tolerance=1e-3, iterations=1000)
    steps, step = [], interior._Path.step
    monkeypatch.setattr(interior._Path, "step", lambda path: steps.append(start is None) or step(path))
    for start in (None, (rough.effects[0, 0], rough.dual[0, 0])):
        found = interior.sparsest(target, 0.0, tolerance=1e-6, start=start)
        assert found.l1 == pytest.approx(optimum(v, 0.0), rel=1e-6)
        assert found.bound <= found.l1 <= found.bound * (1 + 1e-6)
    assert steps.count(False) < steps.count(True)


def test_dense_games_of_ten_players_are_solved_to_the_gap_asked_for() -> None:
    v = np.random.default_rng(0).normal(size=(2, 1 << 10))
    close, closer = (and_or(v, tolerance=tolerance) for tolerance in (1e-4, 1e-6))
    for found, tolerance in ((close, 1e-4), (closer, 1e-6)):
        assert (found.gap <= tolerance * found.l1).all()
        np.testing.assert_allclose(found.reconstruct(), v, atol=1e-9)
    assert (close.gap > 1e-6 * close.l1).all()
    assert (close.l1 - close.gap <= closer.l1).all()


@pytest.mark.parametrize(("n", "atoms"), [(6, 10), (8, 40), (10, 40), (12, 40)])
def test_sparse_planted_effects_are_recovered(n: int, atoms: int) -> None:
    """The planted split is feasible, and proven optimal by the certificate: a bound within 1e-6 of its own sum."""
    v, l1 = planted(n, atoms)
    found = and_or(v)
    assert found.l1 == pytest.approx(l1, rel=1e-6)
    assert found.l1 - found.gap <= l1 * (1 + 1e-9)
    assert (np.abs(found.and_) > 1e-4).sum() + (np.abs(found.or_) > 1e-4).sum() == atoms


def test_noise_within_kappa_is_not_explained() -> None:
    v, l1 = planted(8, 10)
    noisy = v + np.random.default_rng(0).uniform(-0.02, 0.02, size=v.shape)
    assert and_or(noisy).l1 > 1.2 * l1
    assert and_or(noisy, kappa=0.02).l1 <= l1 * (1 + 1e-6)


def test_it_is_never_less_sparse_than_and_effects_alone() -> None:
    v = np.random.default_rng(0).normal(size=(4, 64))
    assert (and_or(v).l1 <= np.abs(moebius(v)).sum(axis=1)).all()


def test_single_players_and_the_empty_set_count_as_and() -> None:
    v = np.random.default_rng(0).normal(size=(3, 32))
    for solver in ("interior", "admm"):
        found = and_or(v, solver=solver, iterations=50)
        assert (found.or_[:, np.bitwise_count(np.arange(32)) <= 1] == 0).all()
        np.testing.assert_allclose(found.reconstruct(), v, atol=1e-9)


def test_games_are_solved_alone_in_any_batch_and_at_any_scale() -> None:
    v = np.stack([planted(6, 10, seed)[0] for seed in range(4)]).reshape(2, 2, 64)
    for solver in ("interior", "admm"):
        together, alone = and_or(v, solver=solver), and_or(1000 * v[1, 0], solver=solver)
        assert together.and_.shape == together.or_.shape == v.shape
        assert together.l1[1, 0] == pytest.approx(alone.l1 / 1000, rel=1e-5)


def test_each_game_has_its_own_kappa() -> None:
    v = np.random.default_rng(0).normal(size=(2, 32))
    found = and_or(v, kappa=[0, 0.5])
    errors = np.abs(found.reconstruct() - v).max(axis=1)
    assert errors[0] < 1e-9
    assert errors[1] == pytest.approx(0.5, abs=1e-3)


def test_a_shared_split_is_sparsest_for_all_models_together() -> None:
    random = np.random.default_rng(0)
    v = random.normal(size=(2, 3, 32))
    shared, own = and_or(v, shared=True, iterations=20_000), and_or(v)
    assert (shared.gap <= 1e-5 * shared.l1).all()
    assert (shared.l1 > own.l1.sum(axis=1)).all()
    np.testing.assert_allclose(shared.reconstruct(), v, atol=1e-9)
    differences = (zeta(shared.and_) - or_reconstruct(shared.or_)) / 2
    apart = moebius(differences - differences[:, :1])
    np.testing.assert_allclose(apart[..., np.bitwise_count(np.arange(32)) > 1], 0, atol=1e-9)


def test_models_that_agree_lose_nothing_by_sharing() -> None:
    v = planted(6, 10)[0]
    shared = and_or(np.stack([v, v, v]), shared=True)
    assert shared.l1 == pytest.approx(3 * and_or(v).l1, rel=1e-5)


def test_eleven_players_are_solved_by_the_first_order_method() -> None:
    v, l1 = planted(11, 20)
    found = and_or(np.stack([v, -2 * v]), tolerance=1e-4)
    np.testing.assert_allclose(found.l1, [l1, 2 * l1], rtol=1e-4)
    assert (found.gap <= 1e-4 * found.l1).all()


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_the_structured_solver_against_the_dense_matrix(n: int) -> None:
    gram, right = atoms.WeightedGram(n, 0.7), np.random.default_rng(n).normal(size=(3, 1 << n))
    dense = atoms.gram(gram.metric, None)
    np.testing.assert_allclose(gram.solve(right), np.linalg.solve(dense, right.T).T, atol=1e-9)
    np.testing.assert_allclose(atoms.compose(gram.metric * atoms.correlate(right)), right @ dense, atol=1e-9)


def test_nothing_comes_of_nothing() -> None:
    found = and_or(np.zeros((2, 16)))
    assert (found.l1 == 0).all()
    assert (found.gap == 0).all()


def test_the_usual_error_bound() -> None:
    np.testing.assert_allclose(error_bound(np.array([[1.0, 9, 9, 3], [2, 0, 0, -3]])), [0.08, 0.2])


@pytest.mark.parametrize(
    ("v", "options", "message"),
    [
        (np.zeros(1 << 13), {}, "13 players is too large"),
        (np.zeros(6), {}, "6 entries"),
        (np.array([0, 1, np.nan, 0]), {}, r"score \[2\] is not finite"),
        (np.zeros(4), {"kappa": -1}, "kappa -1.0 is negative"),
        (np.zeros(4), {"solver": "sgd"}, "solver 'sgd' is unknown"),
        (np.zeros(4), {"shared": True}, "shared split needs games"),
        (np.zeros((2, 4)), {"shared": True, "kappa": 0.1}, "shared split needs games"),
        (np.zeros((2, 4)), {"shared": True, "solver": "interior"}, "shared split needs games"),
    ],
)
def test_bad_input_is_refused(v: np.ndarray, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        and_or(v, **options)
