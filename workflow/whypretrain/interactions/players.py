"""Players: the parts of a sample that are shown or hidden together, and the values that hide them.

A sample is any array whose trailing axes are positions: the pixels of an image (H, W), the cells of a
feature map, the tokens of a sentence (L,). A player is a set of positions. One integer map `owner` holds the
player that each position belongs to, or -1 for the background, which belongs to none. A patch, a hand-drawn
part and a word with its sub-word pieces are all players in this sense.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from whypretrain.errors import InputError
from whypretrain.runtime.seeds import generator


@dataclass(frozen=True, eq=False)
class PlayerSet:
    """The n players of one sample; `owner` holds a player's number (0..n-1) or -1 at each position.

    Where `number` is above those at the positions, the further players hide nothing: their effects are 0.

    Raises:
        InputError: if the players are not numbered 0..n-1 or there is none.
    """

    owner: np.ndarray  # int16, the shape of a sample's positions, e.g. (H, W)
    number: int | None = None

    def __post_init__(self) -> None:
        found = np.unique(self.owner)
        expected = np.arange(found[-1] + 1 if found.size else 0)
        if not expected.size or not np.array_equal(found[found >= 0], expected) or found[0] < -1:
            raise InputError(
                f"owner map holds {found[:8].tolist()}: number the players 0..n-1 without gaps, background -1"
            )
        object.__setattr__(self, "owner", self.owner.astype(np.int16))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PlayerSet) and np.array_equal(self.owner, other.owner) and self.n == other.n

    __hash__ = None  # type: ignore[assignment]

    @property
    def n(self) -> int:
        """Number of players."""
        return max(int(self.owner.max()) + 1, self.number or 0)

    def masks(self) -> np.ndarray:
        """One Boolean map a player, (n, *positions)."""
        return self.owner == np.arange(self.n).reshape(-1, *[1] * self.owner.ndim)

    def permuted(self, order: Sequence[int]) -> PlayerSet:
        """The same players renumbered: new player i is the old player order[i]."""
        new_number = np.argsort(np.append(order, self.n))  # background stays last, then becomes -1 again
        moved = new_number[self.owner]
        return PlayerSet(np.where(self.owner < 0, -1, moved), self.number)

    def resized(self, *positions: int) -> PlayerSet:
        """The same players on another grid of positions (nearest), e.g. on a feature map of an image.

        Raises:
            InputError: if a player has no position on that grid.
        """
        index = [
            (2 * np.arange(new) + 1) * old // (2 * new) for old, new in zip(self.owner.shape, positions, strict=True)
        ]
        owner = self.owner[np.ix_(*index)]
        if lost := set(range(self.n)) - set(owner.flat):
            raise InputError(
                f"player {min(lost)} has no position on a grid of {positions}: use larger players, or pixels"
            )
        return PlayerSet(owner)


def grid_players(
    grid: int, n: int, size: int | tuple[int, int], *, seed: object = 0, image: str = "", margin: int = 0
) -> PlayerSet:
    """n cells drawn at random from a grid over the image, the same for every model that sees this image.

    Args:
        grid: cells a side; the image is cut into grid x grid equal cells.
        n: players to draw, 1..16.
        size: pixels a side, or (H, W).
        seed: names the draw together with `image`.
        image: id of the image, so that each image has its own players.
        margin: cells left out at each border (arXiv 2407.19198 draws from the central 6x6 of 8x8: margin 1).

    Raises:
        InputError: if the cells do not divide the image or hold fewer than n.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if grid < 1 or height % grid or width % grid:
        raise InputError(
            f"a grid of {grid} cells a side does not divide an image of {height}x{width} pixels; use a divisor"
        )
    inner = np.arange(grid * grid).reshape(grid, grid)[margin : grid - margin, margin : grid - margin].ravel()
    if not 1 <= n <= inner.size:
        raise InputError(
            f"{n} players do not fit the {inner.size} cells of a {grid}x{grid} grid with margin {margin};"
            f" use 1 to {inner.size}"
        )
    cells = np.full(grid * grid, -1)
    cells[np.sort(generator(seed, "players", image).choice(inner, n, replace=False))] = np.arange(n)
    return PlayerSet(cells.reshape(grid, grid).repeat(height // grid, 0).repeat(width // grid, 1))


def token_players(words: Sequence[Sequence[int]], length: int) -> PlayerSet:
    """Players of a sentence: each word is the list of its token positions; all other tokens are background.

    >>> token_players([[1], [2, 3]], 5).owner.tolist()
    [-1, 0, 1, 1, -1]
    """
    masks = np.zeros((len(words), length), dtype=bool)
    for player, positions in enumerate(words):
        if not all(0 <= position < length for position in positions):
            raise InputError(f"word {player} has a token outside the {length} positions: {list(positions)}")
        masks[player, list(positions)] = True
    return from_masks(masks)


def from_masks(masks: np.ndarray) -> PlayerSet:
    """Players from one mask each, (n, *positions), nonzero where the position belongs to the player.

    Raises:
        InputError: if a mask is empty or two overlap.
    """
    masks = np.asarray(masks) != 0
    if masks.ndim < 2 or not len(masks):
        raise InputError(f"player masks have shape {masks.shape}: give one map for each player, (n, H, W)")
    for player in np.flatnonzero(~masks.any(axis=tuple(range(1, masks.ndim)))):
        raise InputError(f"the mask of player {player} is empty: give it at least one position or leave it out")
    if (masks.sum(axis=0) > 1).any():
        raise InputError("player masks overlap: a position may belong to one player only")
    return PlayerSet(np.where(masks.any(axis=0), masks.argmax(axis=0), -1))


def load_players(path: str | Path) -> dict[str, PlayerSet]:
    """Players of each sample from a file, by sample id.

    An .npz holds one array a sample: masks (n, H, W) or an integer owner map (H, W). A .json holds
    {id: {"owner": nested lists}} or {id: {"words": [[positions], ...], "length": L}}. Hand-drawn parts and
    superpixels are owner maps: what a segmentation such as scikit-image's `slic` gives, numbered from 0.

    Raises:
        InputError: if the file cannot be read or a sample's players are wrong.
    """
    path = Path(path)
    try:
        if path.suffix == ".npz":
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
                return {name: _from_array(arrays[name]) for name in arrays.files}
        return {name: _from_json(entry) for name, entry in json.loads(path.read_text()).items()}
    except (OSError, EOFError, ValueError, KeyError, AttributeError, TypeError, BadZipFile) as error:
        raise InputError(f"{path}: no readable player file ({error}); see load_players for its form") from error


def _from_array(array: np.ndarray) -> PlayerSet:
    return from_masks(array) if array.ndim == 3 else PlayerSet(array)


def _from_json(entry: dict) -> PlayerSet:
    if "words" in entry:
        return token_players(entry["words"], entry["length"])
    return PlayerSet(np.asarray(entry["owner"]))
