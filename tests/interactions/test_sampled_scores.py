"""Random coalitions in place of all: scored, stored, and analysed to the same tables of agreement."""

import numpy as np
import pandas as pd
import pytest
import torch
from scored import counted, run_score
from test_analysis_stage import analyse

from whypretrain import data, models
from whypretrain.errors import InputError
from whypretrain.interactions import (
    agreement,
    agreement_sampled,
    all_coalitions,
    load_scores,
    log_odds,
    random_coalitions,
    require_same_players,
)

pytestmark = pytest.mark.usefixtures("stages_share_a_process")
SAMPLED = {"coalitions": "sampled", "number": 30}
MANY = {"players": 64, "grid": 8, **SAMPLED}  # each pixel of an image of 8 x 8


def test_random_coalitions_are_fair_independent_and_named_by_their_seed() -> None:
    found = random_coalitions(196, 2000, seed=3)
    assert found.shape == (2000, 196)
    assert found.dtype == bool
    assert abs(found.mean() - 0.5) < 4 * 0.5 / np.sqrt(found.size)
    assert np.abs(found.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(2000)
    assert np.abs(np.corrcoef(found.T) - np.eye(196)).max() < 6 / np.sqrt(2000)
    np.testing.assert_array_equal(random_coalitions(196, 2000, seed=3), found)
    assert (random_coalitions(196, 2000, seed=4) != found).any()
    with pytest.raises(InputError, match="0 coalitions of 5 players: give at least 1"):
        random_coalitions(5, 0, seed=0)


def test_any_number_of_players_is_scored_on_the_same_coalitions(results, tmp_path) -> None:
    run_score(results, tmp_path / "0.npz", **MANY)
    found = load_scores(tmp_path / "0.npz")
    assert found.coalitions.shape == (30, 64)
    assert found.scores.shape == (4, 6, 30)
    assert found.checkpoint_scores.shape == (4, 2, 30)
    images, network = data.load(results / "data"), models.load(results / "scratch")
    row = images.manifest.set_index("id").index.get_loc(found.about["samples"][2])
    image = models.as_input(np.asarray(images.images[[row]]))
    mean = images.images[images.rows("train")].mean() / 255
    shown = torch.from_numpy(found.coalitions[7][found.owner[2]])
    masked = torch.where(shown.to(image.device), image, torch.tensor(mean, dtype=image.dtype, device=image.device))
    expected = log_odds(network(masked).detach(), np.array(found.about["labels"][2:3]))
    np.testing.assert_allclose(found.scores[2, 2, 7], np.asarray(expected.cpu()).item(), atol=1e-4)
    run_score(results, tmp_path / "1.npz", "scratch", seed=1, dynamics=[], **MANY)
    np.testing.assert_array_equal(load_scores(tmp_path / "1.npz").coalitions, found.coalitions)


def test_other_coalitions_are_another_game(archive, results, tmp_path, monkeypatch) -> None:
    run_score(results, tmp_path / "0.npz", "scratch", dynamics=[], **SAMPLED)
    asked = counted(monkeypatch)
    run_score(results, tmp_path / "0.npz", "scratch", dynamics=[], **SAMPLED)
    assert asked == []
    run_score(results, tmp_path / "0.npz", "scratch", dynamics=[], **SAMPLED | {"number": 31})
    assert sum(asked) == 2
    with pytest.raises(InputError, match="players or coalitions differ"):
        require_same_players([archive, load_scores(tmp_path / "0.npz")], ["all", "sampled"])


def test_gathered_shards_of_random_coalitions_are_the_bytes_of_one_run(results, tmp_path) -> None:
    config = {**MANY, "batch_size": 60}  # two images a batch
    run_score(results, tmp_path / "whole.npz", **config)
    parts = [tmp_path / f"0/{number}-of-2.npz" for number in (1, 2)]
    for part in parts:
        run_score(results, part, more=("--shard", part.stem), **config)
    run_score(results, tmp_path / "0.npz", more=("--shards", *map(str, parts)), **config)
    assert (tmp_path / "0.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()


def test_the_sampled_way_has_the_tables_of_the_exact_way(results, tmp_path) -> None:
    game = {"players": 8, "grid": 4, "controls": [], "dynamics": ["finetune"]}
    tables = {}
    for way, more in {"exact": {}, "sampled": {"coalitions": "sampled", "number": 600}}.items():
        for seed in (0, 1):
            run_score(results, tmp_path / way / f"{seed}.npz", seed=seed, **game, **more)
        analyse([tmp_path / way / f"{seed}.npz" for seed in (0, 1)], tmp_path / way)
        tables[way] = {path.stem: pd.read_csv(path) for path in (tmp_path / way).glob("*.csv")}
    assert set(tables["sampled"]) == {"agreement", "agreement_dynamics"}
    for name, keys in {
        "agreement": ["kind", "target", "architecture", "seed_a", "seed_b", "a", "b", "degree"],
        "agreement_dynamics": ["target", "architecture", "seed", "method", "step", "towards", "degree"],
    }.items():
        exact, sampled = tables["exact"][name], tables["sampled"][name]
        exact = exact[exact["degree"].isin(["1", "2", "3", "all"])]
        assert list(sampled) == list(exact)
        pd.testing.assert_frame_equal(sampled[keys], exact[keys].reset_index(drop=True))
        both = exact.set_index(keys)["agreement"], sampled.set_index(keys)["agreement"]
        apart = (both[0] - both[1]).dropna().abs()
        assert len(apart) > 0.8 * len(exact)
        assert apart.max() < 0.2
    sampled = tables["sampled"]["agreement"]
    assert (sampled["agreement"].isna() <= (sampled["n_undefined"] > 0)).all()
    known = sampled.dropna(subset="low")
    assert (known["low"] <= known["agreement"] + 1e-9).all()
    assert (known["kept"] == np.maximum(known["agreement"], 0) ** 2).all()


def test_several_pairs_at_once_are_those_one_by_one() -> None:
    random = np.random.default_rng(0)
    masks, (a, b) = random.random((60, 9)) < 0.5, random.normal(size=(2, 3, 4, 60))
    for shown in (masks, random.random((4, 60, 9)) < 0.5):
        found = agreement_sampled(a[:1], b, shown)
        for at in range(3):
            alone = agreement_sampled(a[0], b[at], shown)
            for name in ("by_degree", "low", "high", "all", "all_low", "n_undefined", "error", "all_error", "second"):
                np.testing.assert_allclose(getattr(found, name)[at], getattr(alone, name))


def test_all_coalitions_each_once_are_nearly_the_exact_agreement() -> None:
    random = np.random.default_rng(1)
    a, b = random.normal(size=(2, 5, 512))
    b += a
    found = agreement_sampled(np.tile(a, 4), np.tile(b, 4), np.tile(all_coalitions(9), (4, 1)))
    np.testing.assert_allclose(found.all, agreement(a, b).all, atol=1e-3)
