"""Methods that are models trained elsewhere: where they lie, what they stand for, and what is wrong with them."""

import pytest
from test_checks import DEFAULT, merged

from whypretrain.config import check, places_of
from whypretrain.config.parts import Role
from whypretrain.config.roles import cast_of, roles_of
from whypretrain.errors import InputError

ONE = {"targets": ["digits"], "architectures": ["vit"], "seeds": [3], "methods": ["probe", "mine", "scratch"]}


def experiment(grid=ONE, **method):
    own = {"train": {"methods": {"mine": method}, "jobs": [["scratch"]]}, "grid": grid}
    return merged(DEFAULT, own)


@pytest.fixture
def runs(tmp_path):
    for name in ("digits-vit-3", "digits-vit-4", "checkpoint-1", "checkpoint-2"):
        (tmp_path / f"{name}.pth").write_bytes(b"weights")
    return tmp_path


def test_paths_are_those_of_each_run_and_each_file_is_an_input(runs):
    given = {"weights": f"file:{runs}/{{target}}-{{architecture}}-{{seed}}.pth"}
    config = check(experiment({**ONE, "seeds": [3, 4]}, checkpoint_files=f"{runs}/checkpoint-*.pth", **given))
    found = {key: place for key, place in places_of(config).items() if key.startswith("train")}
    assert found == {
        f"train.methods.mine.digits.vit.{seed}.{key}": f"{runs}/{name}.pth"
        for seed in (3, 4)
        for key, name in (
            ("weights", f"digits-vit-{seed}"),
            ("checkpoint_files.0", "checkpoint-1"),
            ("checkpoint_files.1", "checkpoint-2"),
        )
    }


@pytest.mark.parametrize(("start", "role"), [(None, Role.FINETUNE), ("random", Role.SCRATCH)])
def test_it_stands_for_what_its_start_says(runs, start, role):
    grid = {**ONE, "methods": ["probe", "mine"]}
    given = {"weights": f"file:{runs}/digits-vit-3.pth", **({"start": start} if start else {})}
    config = check(experiment(grid, **given))
    assert roles_of(config)[role] == "mine"
    assert cast_of(config)[str(role)] == ["mine"]
    followed = check(experiment(grid, checkpoint_files=f"{runs}/checkpoint-*.pth", **given))
    assert config["interactions"]["score"]["dynamics"] == []
    assert followed["interactions"]["score"]["dynamics"] == ["mine"]


MISTAKES = {
    "no file": ({"weights": "file:no.pth"}, "train.methods.mine.digits.vit.3.weights: no.pth does not exist"),
    "no checkpoints": (
        {"checkpoint_files": "no-*.pth"}, "train.methods.mine.digits.vit.3.checkpoint_files.0: no-*.pth does not exist"
    ),
    "a recipe": ({"steps": 3}, "train.methods.mine: a method with weights is not trained and has no key 'steps'"),
    "a probe": ({"start": "frozen"}, "train.methods.mine: start of a method with weights is pretrained or random"),
    "checkpoints alone": ({"weights": None, "checkpoint_files": "a"}, "checkpoint_files belongs to weights"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named(runs, name):
    change, told = MISTAKES[name]
    method = {"weights": f"file:{runs}/digits-vit-3.pth", **change}
    with pytest.raises(InputError) as error:
        check(experiment(**{key: value for key, value in method.items() if value is not None}))
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("key", "values"), [("seeds", [1, 2]), ("targets", ["digits", "letters"]), ("architectures", ["vit", "resnet"])]
)
def test_one_model_does_not_stand_for_several(runs, key, values):
    with pytest.raises(InputError, match=rf"but grid\.{key} has 2; put {{{key[:-1]}}} into the path"):
        check(experiment({**ONE, key: values}, weights=f"file:{runs}/digits-vit-3.pth"))


def test_no_job_trains_it(runs):
    config = experiment(weights=f"file:{runs}/digits-vit-3.pth")
    config["train"]["jobs"] = [["mine"]]
    with pytest.raises(InputError, match=r"train\.jobs names 'mine', which was trained elsewhere; leave it out"):
        check(config)
