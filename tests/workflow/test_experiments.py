"""experiments/NAME/dvc.yaml: the stages of dvc.yaml with another experiment's paths and parameters."""

from pathlib import Path

import pytest
import yaml
from experiments import Stage, downstream, stages, write_pipeline

ROOT = Path(__file__).parents[2]
DEFAULT = yaml.safe_load((ROOT / "config/default.yaml").read_text())


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with nothing but the files that are read."""
    for name in ("dvc.yaml", "config/default.yaml", "config/smoke.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def merged(base, own):
    """What Snakemake makes of two config files."""
    if not (isinstance(base, dict) and isinstance(own, dict)):
        return own
    return {**base, **{key: merged(base.get(key), value) for key, value in own.items()}}


def at(config, key):
    for part in key.split("."):
        config = config[part]
    return config


def nested(key, value):
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


def picked(configs, params):
    """The part of the configuration that lists of keys in files name."""
    found = {}
    for entry in params:
        for file, keys in entry.items():
            for key in keys:
                found = merged(found, nested(key, at(configs[file], key)))
    return found


OWN = {
    "smoke": yaml.safe_load((ROOT / "config/smoke.yaml").read_text()),
    "replaced": {"seed": 7, "image": {"size": 32}, "select": {"rules": ["uot"]}},
    "added": {
        "models": {"wide": {"architecture": {"name": "resnet18"}}},
        "datasets": {"mine": {"kind": "npz"}},
    },
    "nested": {"interactions": {"analysis": {"threshold": 0.2}}, "figures": {"top": 3}},
    "name only": {},
}


@pytest.mark.parametrize("case", OWN)
def test_the_two_files_together_give_the_values_that_the_stage_reads(project, case):
    own = {**OWN[case], "experiment": "mine"}
    (project / "config/mine.yaml").write_text(yaml.safe_dump(own))
    written = yaml.safe_load(Path(write_pipeline("config/mine.yaml")).read_text())["stages"]
    configs = {"config/default.yaml": DEFAULT, "config/mine.yaml": own}
    effective = {"config/default.yaml": merged(DEFAULT, own)}
    for name, section in yaml.safe_load((project / "dvc.yaml").read_text())["stages"].items():
        if section["params"][0]["config/default.yaml"] is None:
            assert [list(entry) for entry in written[name]["params"]] == [[file] for file in configs]
        else:
            assert picked(configs, written[name]["params"]) == picked(effective, section["params"])


def test_a_key_stands_in_one_file_only(project):
    written = yaml.safe_load(Path(write_pipeline("config/smoke.yaml")).read_text())["stages"]
    for section in written.values():
        keys = [key for entry in section["params"] for named in entry.values() for key in named or []]
        assert not [(a, b) for a in keys for b in keys if a != b and b.startswith(f"{a}.")]
        assert len(set(keys)) == len(keys)


def test_paths_and_commands_are_the_experiments_own(project):
    default, smoke = stages("config/default.yaml"), stages("config/smoke.yaml")
    assert [stage.target for stage in default] == [stage.target for stage in smoke]
    assert [stage.address for stage in smoke] == [
        f"experiments/smoke/dvc.yaml:{stage.address}" for stage in default
    ]
    for one, other in zip(default, smoke, strict=True):
        assert [out.replace("results/default/", "results/smoke/") for out in one.outs] == list(other.outs)
        assert not [path for path in other.deps if "results/default" in path]


@pytest.mark.parametrize("own", [{}, {"experiment": "default"}])
def test_an_experiment_without_a_name_of_its_own_is_refused(project, own):
    (project / "config/mine.yaml").write_text(yaml.safe_dump(own) if own else "seed: 3\n")
    with pytest.raises(SystemExit, match=r"config/mine\.yaml names no experiment of its own"):
        stages("config/mine.yaml")


def test_what_builds_on_a_change_is_stale_too():
    chain = [
        Stage("a", "a", frozenset(["code"]), ("results/a",)),
        Stage("b", "b", frozenset(["results/a"]), ("results/b",)),
        Stage("c", "c", frozenset(["code"]), ("results/c",)),
        Stage("d", "d", frozenset(["results/b", "results/c"]), ("results/d",)),
    ]
    assert downstream(["b"], chain) == {"b", "d"}
    assert downstream(["a"], chain) == {"a", "b", "d"}
    assert downstream([], chain) == set()


def test_stages_are_in_the_order_of_data_flow(project):
    made = set()
    for stage in stages("config/default.yaml"):
        assert {path for path in stage.deps if path.startswith("results/")} <= made
        made |= set(stage.outs)
