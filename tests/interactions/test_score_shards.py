"""Scores in parts: the gathered archive is that of one run."""

import numpy as np
import pytest
from scored import counted, run_score

from whypretrain.interactions import load_scores

pytestmark = pytest.mark.usefixtures("stages_share_a_process")


@pytest.mark.parametrize(
    "config",
    [
        {"batch_size": 8},  # one image a batch
        {"batch_size": 32, "samples": 9},  # four images a batch, and one left over
        {"batch_size": 16, "level": "feature", "baseline": "mean"},
        {"batch_size": 16, "baseline": "blur", "dtype": "bfloat16"},
    ],
    ids=lambda config: "-".join(map(str, config.values())),
)
def test_gathered_shards_are_the_bytes_of_one_run(results, tmp_path, config) -> None:
    names = ("probe", "finetune", "scratch")
    run_score(results, tmp_path / "whole.npz", **config)
    parts = [tmp_path / f"0/{number}-of-3.npz" for number in (1, 2, 3)]
    for part in parts:
        run_score(results, part, *names, more=("--shard", part.stem), **config)
    run_score(results, tmp_path / "0.npz", *names, more=("--shards", *map(str, parts)), **config)
    assert (tmp_path / "0.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()


def test_shards_keep_earlier_scores(archive, results, tmp_path, monkeypatch) -> None:
    names = ("probe", "finetune", "scratch")
    run_score(results, tmp_path / "0.npz", "probe", "scratch")
    asked = counted(monkeypatch)
    parts = [tmp_path / f"0/{number}-of-2.npz" for number in (1, 2)]
    for part in parts:
        run_score(results, part, *names, more=("--shard", part.stem, "--earlier", str(tmp_path / "0.npz")))
    assert asked == [2]  # the checkpoints of the new one alone, on two images: one batch
    run_score(results, tmp_path / "0.npz", *names, more=("--shards", *map(str, parts)))
    np.testing.assert_array_equal(load_scores(tmp_path / "0.npz").scores, archive.scores)


@pytest.mark.parametrize("damage", ["missing", "foreign"])
def test_shards_that_are_not_of_one_archive_are_refused(results, tmp_path, capsys, damage) -> None:
    parts = [tmp_path / f"{number}-of-2.npz" for number in (1, 2)]
    run_score(results, parts[0], more=("--shard", "1-of-2"))
    run_score(results, parts[1], more=("--shard", "2-of-2"), background="masked")
    given = parts[:1] if damage == "missing" else parts
    with pytest.raises(SystemExit):
        run_score(results, tmp_path / "0.npz", more=("--shards", *map(str, given)))
    told = {"missing": "shards of 2 images in place of 6", "foreign": "2-of-2.npz: of other models, images or"}
    assert told[damage] in capsys.readouterr().err
    assert not (tmp_path / "0.npz").exists()
