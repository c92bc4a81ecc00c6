"""The scoring stage as it is called: arguments in, an archive out."""

import numpy as np
import pytest
from scored import CLASSES, VIT, counted, run_score

from whypretrain import data, models
from whypretrain.interactions import games, load_scores, moebius, scratch_ratio, split_knowledge

pytestmark = pytest.mark.usefixtures("stages_share_a_process")


def test_the_archive_tells_what_was_scored(archive, results) -> None:
    assert archive.models == ["probe", "finetune", "scratch", "reinitialised"]
    assert archive.scores.shape == (4, 6, 8)
    assert [(entry["name"], entry["step"]) for entry in archive.about["checkpoints"]] == [
        ("finetune", 0), ("finetune", 10), ("scratch", 0), ("scratch", 10),
    ]  # fmt: skip
    assert archive.checkpoint_scores.shape == (4, 2, 8)
    assert np.bincount(archive.about["labels"]).tolist() == [2, 2, 2]
    manifest = data.load(results / "data").split("test").manifest.set_index("id")
    assert manifest.loc[archive.about["samples"], "label"].tolist() == archive.about["labels"]


def test_with_all_players_shown_the_score_is_that_of_the_image(archive, results) -> None:
    images, network = data.load(results / "data"), models.load(results / "scratch")
    rows = images.manifest.set_index("id").index.get_indexer(archive.about["samples"])
    p = network(models.as_input(np.asarray(images.images[rows]))).double().softmax(-1).detach().cpu().numpy()
    p = p[np.arange(6), archive.about["labels"]]
    np.testing.assert_allclose(archive.scores[2, :, -1], np.log(p / (1 - p)), atol=1e-4)


def test_a_copy_preserves_everything_and_another_network_little(archive) -> None:
    probe, copy, scratch, _ = moebius(archive.scores)
    split = split_knowledge(probe, copy)
    assert (split.preserve_share(), split.discard_share(), split.new_share()) == (1, 0, 0)
    assert split_knowledge(probe, scratch).preserve_share() < 0.7


def test_an_untrained_network_has_little_of_what_is_preserved(archive) -> None:
    probe, copy, _, untrained = moebius(archive.scores)
    assert scratch_ratio(probe, copy, untrained, normalise=False).total() < 0.01
    assert scratch_ratio(probe, copy, untrained).total() < 0.3  # scaled up to the others' range: chance
    assert scratch_ratio(probe, copy, probe).total() == 1


def test_the_last_checkpoint_is_the_final_model_and_the_first_is_not(archive) -> None:
    np.testing.assert_allclose(archive.checkpoint_scores[1], archive.scores[1, :2], atol=1e-5)
    assert np.abs(archive.checkpoint_scores[0] - archive.scores[1, :2]).max() > 1e-2


def test_samples_and_players_do_not_depend_on_the_run_but_on_the_target(archive, results, tmp_path) -> None:
    run_score(results, tmp_path / "1.npz", "scratch", seed=1, dynamics=[])
    other_run = load_scores(tmp_path / "1.npz")
    assert other_run.about["samples"] == archive.about["samples"]
    np.testing.assert_array_equal(other_run.owner, archive.owner)
    run_score(results, tmp_path / "2.npz", "scratch", target="letters", dynamics=[])
    assert load_scores(tmp_path / "2.npz").about["samples"] != archive.about["samples"]


def test_scores_of_known_weights_are_kept(archive, results, tmp_path, monkeypatch) -> None:
    out = tmp_path / "0.npz"
    run_score(results, out, "probe", "scratch")
    asked = counted(monkeypatch)
    run_score(results, out)  # finetune is new, though its weights are the probe's
    assert asked == [2]  # its checkpoints alone
    np.testing.assert_array_equal(load_scores(out).scores, archive.scores)
    run_score(results, out, background="masked")
    assert sum(asked[1:]) > 2  # other inputs: all anew


def test_the_gate_guards_the_threshold_of_the_analysis(results, tmp_path, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(games, "safe_for_effects", lambda *_, dtype, threshold, **__: asked.append(threshold))
    run_score(results, tmp_path / "0.npz", "probe", dynamics=[], dtype="bfloat16", threshold=0.03)
    assert asked == [0.03]
    assert load_scores(tmp_path / "0.npz").about["config"]["dtype"] == "float32"


@pytest.mark.parametrize("change", ["code", "library"])
def test_scores_of_other_code_or_libraries_are_not_kept(archive, results, tmp_path, monkeypatch, change) -> None:
    run_score(results, tmp_path / "0.npz", "scratch", dynamics=[])
    asked = counted(monkeypatch)
    run_score(results, tmp_path / "0.npz", "scratch", dynamics=[])
    assert asked == []
    if change == "code":
        monkeypatch.setattr(games, "code_hash", lambda module: "of another version")
    else:
        monkeypatch.setattr(games, "versions", lambda: {"torch": "0.1"})
    run_score(results, tmp_path / "0.npz", "scratch", dynamics=[])
    assert asked == [2]  # with the one that is untrained


def test_a_damaged_earlier_archive_is_named_and_made_anew(archive, results, tmp_path, capsys) -> None:
    whole = (results / "0.npz").read_bytes()
    (tmp_path / "0.npz").write_bytes(whole[: len(whole) // 2])
    run_score(results, tmp_path / "0.npz")
    error = capsys.readouterr().err
    assert "0.npz: no readable score archive" in error
    assert "Traceback" not in error
    assert (tmp_path / "0.npz").read_bytes() == whole


def test_fewer_images_than_classes_are_of_different_classes(results, tmp_path) -> None:
    run_score(results, tmp_path / "0.npz", "probe", samples=2, dynamics=[])
    found = load_scores(tmp_path / "0.npz")
    assert found.scores.shape == (2, 2, 8)
    assert len(set(found.about["labels"])) == 2


def test_the_same_run_gives_the_same_bytes(archive, results, tmp_path) -> None:
    run_score(results, tmp_path / "0.npz")
    assert (tmp_path / "0.npz").read_bytes() == (results / "0.npz").read_bytes()


def test_players_from_a_file(results, tmp_path) -> None:
    ids = data.load(results / "data").split("test").manifest["id"]
    owner = np.zeros((8, 8), int)
    owner[:, 4:] = 1
    np.savez(tmp_path / "players.npz", **dict.fromkeys(ids, owner))
    run_score(results, tmp_path / "0.npz", "probe", dynamics=[], player_file=str(tmp_path / "players.npz"))
    assert load_scores(tmp_path / "0.npz").scores.shape == (2, 6, 4)


def test_scores_at_the_level_of_features_are_kept_by_themselves(archive, results, tmp_path) -> None:
    """Of a full coalition they are those of the image; rows of hidden pixels are not taken for them."""
    (tmp_path / "0.npz").write_bytes((results / "0.npz").read_bytes())
    run_score(results, tmp_path / "0.npz", level="feature", baseline="zero")
    found = load_scores(tmp_path / "0.npz")
    np.testing.assert_allclose(found.scores[..., -1], archive.scores[..., -1], atol=1e-4)
    assert np.abs(found.scores - archive.scores).max() > 1e-2
    assert found.about["inputs"] != archive.about["inputs"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"level": "feature", "baseline": "blur"}, "baseline 'blur' hides no features"),
        ({"players": 5}, "5 players do not fit the 4 cells of a 2x2 grid"),
        ({"samples": 400}, "test images: size 400 is not possible"),
        ({"baseline": "noise"}, "--config.baseline must be one of"),
        ({"player_file": "nowhere.npz"}, "nowhere.npz: no readable player file"),
    ],
)
def test_bad_config_is_one_line_and_no_file(results, tmp_path, capsys, config: dict, message: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        run_score(results, tmp_path / "0.npz", **config)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_classes_in_another_order_are_refused(results, tmp_path, capsys) -> None:
    models.save(models.build(VIT, CLASSES[::-1], seed=0), tmp_path / "turned", {})
    with pytest.raises(SystemExit):
        run_score(results, tmp_path / "0.npz", f"turned={tmp_path / 'turned'}")
    assert "classes differ" in capsys.readouterr().err


def test_trained_controls_are_scored_next_to_the_untrained_network(archive, results, tmp_path, capsys) -> None:
    chosen = {"controls": ["reinitialised_probe", "reinitialised"], "dynamics": []}
    with pytest.raises(SystemExit):
        run_score(results, tmp_path / "0.npz", "probe", **chosen)
    assert "--controls: no folder for 'reinitialised_probe'" in capsys.readouterr().err
    folder = f"reinitialised_probe={results / 'scratch'}"
    run_score(results, tmp_path / "0.npz", "probe", more=["--controls", folder], **chosen)
    found = load_scores(tmp_path / "0.npz")
    assert found.models == ["probe", "reinitialised", "reinitialised_probe"]
    assert [entry["control"] for entry in found.about["models"]] == [False, True, True]
    np.testing.assert_array_equal(found.scores, archive.scores[[0, 3, 2]])
