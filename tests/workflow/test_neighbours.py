"""A method that starts from a model of another target waits for that model alone."""

import pytest
import yaml
from checkout import Checkout

STARTS = {"digits": "letters/scratch", "letters": "digits/finetune"}
CONFIG = {
    "experiment": "near",
    "grid": {"architectures": ["vit"], "methods": ["probe", "finetune", "scratch", "neighbour"], "seeds": [3]},
    "train": {"jobs": [["finetune", "scratch"]], "methods": {"neighbour": {"start": STARTS}}},
}


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    checkout = Checkout(tmp_path_factory.mktemp("near"))
    (checkout.folder / "near.yaml").write_text(yaml.safe_dump(CONFIG))
    [graph] = checkout.graphs("near.yaml")
    return {(job["rule"], job["wildcards"].get("target")): job for job in graph}


@pytest.mark.parametrize(("target", "start"), STARTS.items())
def test_training_and_invariances_read_the_start(jobs, target, start):
    other, method = start.split("/")
    folder = f"results/near/train/{other}/vit/{method}/3"
    for rule in ("train_neighbour", "measure_invariances"):
        read = [path for path in jobs[rule, target]["input"] if f"/train/{other}/" in path]
        assert read == [f"{folder}/model.json", f"{folder}/model.safetensors"]
    assert f'"start": "{start}"' in jobs["train_neighbour", target]["params"]["config"]
    assert jobs["train_neighbour", target]["params"]["start"] == f"--start {folder}"
    assert jobs["measure_invariances", target]["params"]["starts"] == f"--starts neighbour={folder}"


def test_the_others_read_no_model_of_another_target(jobs):
    assert not [path for path in jobs["train_finetune", "digits"]["input"] if "/train/" in path]
    assert jobs["train_finetune", "digits"]["params"]["start"] == ""
