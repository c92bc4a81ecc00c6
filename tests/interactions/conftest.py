import numpy as np
import pytest
from scored import make_models, run_score

from whypretrain.interactions import ScoreArchive, grid_players, load_scores


@pytest.fixture
def make_archive():
    """Archives of random games of 4 players on 3 samples: six models, two methods with three checkpoints each."""

    def make(seed: int = 0, target: str = "digits", **about) -> ScoreArchive:
        random = np.random.default_rng(seed)
        names = ["probe", "finetune", "scratch", "joint", "reinitialised"]
        scores = random.normal(size=(5, 3, 16)).astype(np.float32)
        steps = [{"name": name, "step": step, "key": f"{name}{step}"} for name in names[1:3] for step in (0, 5, 9)]
        checkpoints = random.normal(size=(6, 2, 16)).astype(np.float32)
        checkpoints[2], checkpoints[5] = (scores[1, :2], scores[2, :2])  # the last checkpoint is the final model
        owner = np.stack([grid_players(2, 4, 4, image=str(sample)).owner for sample in range(3)])
        models = [{"name": name, "key": name, "control": name == "reinitialised"} for name in names]
        shared = {"target": target, "architecture": "vit", "seed": seed, "inputs": "digest"}
        settings = {"samples": ["a", "b", "c"], "labels": [0, 1, 2], "models": models, "checkpoints": steps}
        return ScoreArchive(scores, checkpoints, owner, {**shared, **settings, **about})

    return make


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A folder with images and networks to score."""
    return make_models(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def archive(results, stages_share_a_process):
    """The scores of all of them, as `results / "0.npz"` holds them."""
    run_score(results, results / "0.npz")
    return load_scores(results / "0.npz")
