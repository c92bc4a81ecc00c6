import json

import numpy as np
import pandas as pd
import pytest
import safetensors.torch

from whypretrain import data, models
from whypretrain.interactions import games, load_scores, moebius, save_scores, split_knowledge
from whypretrain.models import Architecture
from whypretrain.stages import _run, score
from whypretrain.stages import interactions as analysis

VIT = Architecture(
    name="vit_tiny_patch16_224",
    size=8,
    channels=1,
    options={"patch_size": 4, "embed_dim": 12, "depth": 1, "num_heads": 2, "mlp_ratio": 2},
)
CLASSES = ["a", "b", "c"]
CONFIG = {"players": 3, "grid": 2, "samples": 6, "checkpoint_samples": 2, "batch_size": 16}


@pytest.fixture(scope="module", autouse=True)
def threads_as_they_are():
    """torch takes its number of inter-operation threads once a process; the stages here share one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_run, "limit_threads", lambda threads: None)
        yield


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Three classes of noise images, and untrained networks: a probe, its exact copy as fine-tuned, and another one."""
    root = tmp_path_factory.mktemp("results")
    random, labels = np.random.default_rng(0), np.arange(30) % 3
    pixels = random.integers(0, 256, size=(30, 1, 8, 8), dtype=np.uint8)
    images = data.assemble(
        pixels, labels, test=np.arange(30) >= 12, classes=CLASSES, concepts=CLASSES, origins=[""] * 30
    )
    data.save(images, root / "data")
    for name, seed in {"probe": 1, "finetune": 1, "scratch": 2}.items():
        network = models.build(VIT, CLASSES, seed=seed).eval()
        network.head.weight.data *= 50
        models.save(network, root / name, {})
        states = {}
        for step in (0, 10):
            network.head.weight.data *= 1 if step else 0.5
            states |= {f"{step}/{key}": value.clone() for key, value in network.state_dict().items()}
            network.head.weight.data *= 1 if step else 2
        safetensors.torch.save_file(states, root / name / "checkpoints.safetensors")
    return root


def run_score(
    results, out, *names: str, target: str = "noise", seed: int = 0, more: tuple[str, ...] = (), **config
) -> None:
    names = names or ("probe", "finetune", "scratch")
    chosen = [name if "=" in name else f"{name}={results / name}" for name in names]
    settings = json.dumps(CONFIG | config)
    run = ["--target", target, "--architecture", "vit", "--seed", str(seed)]
    places = ["--data", str(results / "data"), "--models", *chosen, "--out", str(out)]
    score.main(["--config", settings, *run, *places, *more])


@pytest.fixture(scope="module")
def archive(results):
    run_score(results, results / "0.npz")
    return load_scores(results / "0.npz")


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
    asked = []
    real = games.score_coalitions

    def counting(networks, **options):
        asked.append(len(networks))
        return real(networks, **options)

    monkeypatch.setattr(games, "score_coalitions", counting)
    run_score(results, out)  # finetune is new, though its weights are the probe's
    assert asked == [2]  # its checkpoints alone
    np.testing.assert_array_equal(load_scores(out).scores, archive.scores)
    run_score(results, out, background="masked")
    assert sum(asked[1:]) > 2  # other inputs: all anew


@pytest.mark.parametrize("change", ["code", "library"])
def test_scores_of_other_code_or_libraries_are_not_kept(
    archive, results, tmp_path, monkeypatch, change
) -> None:
    run_score(results, tmp_path / "0.npz", "scratch", dynamics=[])
    asked = []
    real = games.score_coalitions
    monkeypatch.setattr(
        games,
        "score_coalitions",
        lambda networks, **more: asked.append(len(networks)) or real(networks, **more),
    )
    run_score(results, tmp_path / "0.npz", "scratch", dynamics=[])
    assert asked == []
    if change == "code":
        monkeypatch.setattr(games, "source_hash", lambda *modules: "of another version")
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
        ({"baseline": "noise"}, "baseline 'noise' is unknown"),
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


def test_tables_of_several_runs(archive, results, tmp_path) -> None:
    run_score(results, tmp_path / "1.npz", seed=1)
    analysis.main(
        ["--scores", str(results / "0.npz"), str(tmp_path / "1.npz"), "--out", str(tmp_path / "tables")]
    )
    tables = {path.stem: pd.read_csv(path) for path in (tmp_path / "tables").glob("*.csv")}
    names = {"knowledge", "salient", "sensitivity", "similarity", "dynamics", "sparsity", "matching"}
    assert set(tables) == names | {"strongest", "controls"}
    for name in names - {"controls"}:
        assert set(tables[name]["seed"]) == {0, 1}
    copied = tables["knowledge"].query("model == 'finetune'")
    assert (copied["discarded"] == 0).all()
    assert (copied["new"] == 0).all()
    assert (tables["salient"]["pre"] == tables["salient"]["pre"].round()).all()
    assert tables["controls"].query("kind == 'finetune_vs_finetune'")["share"].item() == 1


def test_variants_are_rows_of_the_sensitivity_table(archive, results, tmp_path) -> None:
    run_score(results, tmp_path / "zero.npz", baseline="zero", dynamics=[])
    inputs = ["--scores", str(results / "0.npz"), "--variant", "zero", str(tmp_path / "zero.npz")]
    analysis.main([*inputs, "--out", str(tmp_path), "--config", '{"players": [2]}'])
    table = pd.read_csv(tmp_path / "sensitivity.csv")
    assert set(table["variant"]) == {"default", "zero"}
    assert set(table.query("variant == 'zero'")["players"]) == {3}
    keys = ["model", "threshold", "normalised"]
    shares = table.query("players == 3 and model == 'scratch'").set_index(["variant", *keys])["new_share"]
    assert (shares["default"] - shares["zero"]).abs().max() > 1e-3


def test_and_or_knowledge_of_a_run(archive, results, tmp_path) -> None:
    analysis.main(
        ["--scores", str(results / "0.npz"), "--out", str(tmp_path), "--config", '{"kind": "and_or"}']
    )
    table = pd.read_csv(tmp_path / "knowledge.csv")
    assert set(table["part"]) == {"and", "or"}
    assert (table.query("model == 'finetune'")["discarded"] == 0).all()


def test_the_analysis_refuses_a_missing_reference(archive, results, tmp_path, capsys) -> None:
    with pytest.raises(SystemExit):
        analysis.main(
            [
                "--scores",
                str(results / "0.npz"),
                "--out",
                str(tmp_path),
                "--config",
                '{"reference": "linear"}',
            ]
        )
    assert "model 'linear' was not scored" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_analysis_needs_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys, whypretrain.stages.interactions; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_scores_of_a_foreign_file_are_refused(archive, tmp_path, capsys) -> None:
    save_scores(archive, tmp_path / "0.npz")
    (tmp_path / "0.npz").write_bytes((tmp_path / "0.npz").read_bytes()[:200])
    with pytest.raises(SystemExit):
        analysis.main(["--scores", str(tmp_path / "0.npz"), "--out", str(tmp_path / "tables")])
    assert "0.npz: no readable score archive" in capsys.readouterr().err


@pytest.mark.parametrize(
    "config",
    [
        {"batch_size": 8},  # one image a batch
        {"batch_size": 32, "samples": 9},  # four images a batch, and one left over
        {"batch_size": 16, "level": "feature", "baseline": "mean"},
        {"batch_size": 16, "baseline": "blur", "dtype": "bfloat16"},
        {"batch_size": None, "samples": 4},
    ],
    ids=lambda config: "-".join(map(str, config.values())),
)
def test_gathered_shards_are_the_bytes_of_one_run(results, tmp_path, config, monkeypatch) -> None:
    monkeypatch.setattr("whypretrain.interactions.scoring.best_batch_size", lambda *given: 8)
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
    asked = []
    real = games.score_coalitions
    monkeypatch.setattr(
        games,
        "score_coalitions",
        lambda networks, **more: asked.append(len(networks)) or real(networks, **more),
    )
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
    told = {
        "missing": "shards of 2 images in place of 6",
        "foreign": "2-of-2.npz: of other models, images or",
    }
    assert told[damage] in capsys.readouterr().err
    assert not (tmp_path / "0.npz").exists()
