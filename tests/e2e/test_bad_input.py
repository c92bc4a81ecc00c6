"""Bad input ends before any job, or in one clear line, with a non-zero status and nothing half-written."""

import pytest
import yaml

CASES = {
    "unknown key": ({"pretrain": {"stepz": 3}}, ["unknown key 'stepz' in pretrain", "did you mean 'steps'"]),
    "wrong type": ({"pretrain": {"steps": "many"}}, ["pretrain.steps must be a whole number", "'many'"]),
    "no such data set": ({"grid": {"targets": ["digit"]}}, ["'digit'", "did you mean 'digits'"]),
    "players": ({"interactions": {"score": {"players": 12, "margin": 1}}}, ["players is 12", "only 4"]),
    "no such folder": (
        {"datasets": {"mine": {"kind": "imagefolder", "root": "no/such/folder"}}, "grid": {"targets": ["mine"]}},
        ["datasets.mine", "no/such/folder"],
    ),
    "no such rule": (
        {"train": {"methods": {"joint_uot": {"source": "magic"}}}},
        ["train.methods.joint_uot.source", "magic"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_config_errors_stop_before_any_job(checkout, tmp_path, name):
    change, expected = CASES[name]
    file = tmp_path / "bad.yaml"
    file.write_text(yaml.safe_dump({"experiment": "bad", **change}))
    run = checkout.snakemake(config=str(file))
    assert run.returncode != 0
    for part in expected:
        assert part in run.stderr
    assert "Traceback" not in run.stderr
    assert not (checkout.folder / "results/bad").exists()


def fails(checkout, tmp_path, change, *expected):
    """Run an experiment that a job must refuse, and look for the message in Snakemake's output."""
    file = tmp_path / "bad.yaml"
    file.write_text(yaml.safe_dump({"experiment": tmp_path.name, **change}))
    run = checkout.snakemake("--", "pretrain" if "models" in change else "data", config=str(file))
    assert run.returncode != 0
    output = run.stdout + run.stderr
    for part in expected:
        assert part in output, output[-3000:]
    results = checkout.folder / "results" / tmp_path.name
    assert not list(results.rglob("model.*"))
    assert not list(results.rglob(".*-*"))


def test_class_without_images(checkout, tmp_path):
    from PIL import Image

    for split in ("train", "test"):
        for name in ("cat", "dog"):
            (tmp_path / "photos" / split / name).mkdir(parents=True)
    for split in ("train", "test"):
        Image.new("L", (20, 20), 99).save(tmp_path / f"photos/{split}/cat/1.png")
    data = {"kind": "imagefolder", "root": str(tmp_path / "photos")}
    fails(checkout, tmp_path, {"datasets": {"photos": data}, "grid": {"targets": ["photos"]}}, "error:", "dog")


@pytest.mark.slow
def test_checkpoint_of_another_architecture(checkout, tmp_path):
    import torch
    from safetensors.torch import save_file

    save_file({"conv1.weight": torch.zeros(8, 1, 3, 3)}, tmp_path / "other.safetensors")
    models = {"vit": {"checkpoint": f"file:{tmp_path / 'other.safetensors'}"}}
    grid = {"architectures": ["vit"], "seeds": [0]}
    fails(checkout, tmp_path, {"models": models, "grid": grid}, "error:", "other.safetensors", "conv1.weight")


@pytest.mark.slow
def test_corrupt_checkpoint(checkout, tmp_path):
    (tmp_path / "broken.safetensors").write_bytes(b"\x00" * 100)
    models = {"vit": {"checkpoint": f"file:{tmp_path / 'broken.safetensors'}"}}
    grid = {"architectures": ["vit"], "seeds": [0]}
    fails(checkout, tmp_path, {"models": models, "grid": grid}, "error:", "broken.safetensors")
