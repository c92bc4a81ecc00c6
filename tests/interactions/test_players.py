import json

import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.interactions import PlayerSet, from_masks, grid_players, load_players, token_players


def test_grid_players_are_whole_cells() -> None:
    players = grid_players(4, 10, 16, image="a")
    assert players.n == 10
    cells = players.owner.reshape(4, 4, 4, 4).swapaxes(1, 2).reshape(16, 16)
    assert (cells == cells[:, :1]).all()
    assert sorted(cells[:, 0]) == [-1] * 6 + list(range(10))


def test_grid_players_depend_on_the_image_and_the_seed_alone() -> None:
    assert grid_players(4, 10, 16, image="a") == grid_players(4, 10, 16, image="a")
    assert grid_players(4, 10, 16, image="a") != grid_players(4, 10, 16, image="b")
    assert grid_players(4, 10, 16, image="a", seed=1) != grid_players(4, 10, 16, image="a", seed=2)


def test_a_margin_keeps_players_off_the_border() -> None:
    owner = grid_players(8, 36, 32, margin=1).owner
    assert (owner[4:-4, 4:-4] >= 0).all()
    assert (owner[:4] == -1).all()
    assert (owner[:, -4:] == -1).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((4, 17, 16), "17 players do not fit the 16 cells"),
        ((4, 0, 16), "0 players do not fit"),
        ((5, 3, 16), "does not divide an image of 16x16"),
    ],
)
def test_a_grid_that_does_not_fit_is_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message):
        grid_players(*arguments)


def test_masks_and_owner_maps_are_the_same_thing() -> None:
    players = grid_players(4, 7, (8, 16), image="a")
    assert players.masks().shape == (7, 8, 16)
    assert from_masks(players.masks()) == players


def test_permuted_players() -> None:
    players, order = grid_players(4, 5, 8), [3, 0, 4, 1, 2]
    np.testing.assert_array_equal(players.permuted(order).masks(), players.masks()[order])


def test_players_follow_a_feature_map() -> None:
    players = grid_players(4, 10, 16, image="a")
    np.testing.assert_array_equal(players.resized(8, 8).owner, players.owner[::2, ::2])


def test_a_player_that_a_feature_map_loses_is_named() -> None:
    with pytest.raises(InputError, match=r"player \d has no position on a grid of \(2, 2\)"):
        grid_players(4, 10, 16).resized(2, 2)


@pytest.mark.parametrize("owner", [[[0, 2]], [[-2, 0]], [[-1, -1]], []])
def test_wrongly_numbered_players_are_refused(owner: list) -> None:
    with pytest.raises(InputError, match="number the players"):
        PlayerSet(np.array(owner, dtype=int))


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ([[[1, 0]], [[0, 0]]], "mask of player 1 is empty"),
        ([[[1, 1]], [[0, 1]]], "overlap"),
        ([1, 0], "one map for each player"),
    ],
)
def test_wrong_masks_are_refused(masks: list, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_masks(np.array(masks))


def test_words_are_players(tmp_path) -> None:
    players = token_players([[1], [2, 3]], 6)
    np.testing.assert_array_equal(players.owner, [-1, 0, 1, 1, -1, -1])
    with pytest.raises(InputError, match="outside the 6 positions"):
        token_players([[6]], 6)


def test_player_files(tmp_path) -> None:
    first, second = grid_players(4, 3, 8, image="a"), grid_players(2, 4, 8, image="b")
    np.savez(tmp_path / "masks.npz", a=first.masks(), b=second.owner)
    assert load_players(tmp_path / "masks.npz") == {"a": first, "b": second}
    text = {"a": {"owner": first.owner.tolist()}, "s": {"words": [[0], [1, 2]], "length": 4}}
    (tmp_path / "players.json").write_text(json.dumps(text))
    assert load_players(tmp_path / "players.json") == {"a": first, "s": token_players([[0], [1, 2]], 4)}


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b'{"a": {"words": 1}}', b'{"a": {"length": 3}}'])
@pytest.mark.parametrize("suffix", ["json", "npz"])
def test_a_damaged_player_file_is_refused(tmp_path, content: bytes, suffix: str) -> None:
    (tmp_path / f"players.{suffix}").write_bytes(content)
    with pytest.raises(InputError, match=rf"players\.{suffix}: no readable player file"):
        load_players(tmp_path / f"players.{suffix}")


def test_a_missing_player_file_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="no readable player file"):
        load_players(tmp_path / "players.npz")
