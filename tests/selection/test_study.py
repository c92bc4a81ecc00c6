"""The published selection study on the authors' class means, and its stage on made-up ones."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from whypretrain.runtime.files import read_table

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

HASHES = {
    ("supervised", "CUB"): "50ba5e77d8ef",
    ("supervised", "caltech"): "1d027bb342ab",
    ("supervised", "DTD"): "abdb822c45cc",
    ("supervised", "dogs"): "842cc122d513",
    ("moco_v2", "CUB"): "27464363edec",
    ("moco_v2", "DTD"): "4b69c1a06e69",
}
IMAGES = {
    ("supervised", "CUB"): 129127,
    ("supervised", "caltech"): 126100,
    ("supervised", "DTD"): 127993,
    ("supervised", "dogs"): 126083,
    ("moco_v2", "CUB"): 129185,
    ("moco_v2", "DTD"): 128902,
}
BIRDS = {  # of CUB's 100 chosen classes: supervised, MoCo
    "uot": (56, 53),
    "nearest": (59, 58),
    "round_robin": (59, 58),
    "partial_ot": (59, 58),
    "balanced_ot": (59, 58),
    "vote": (56, 56),
    "mean": (56, 23),
}
BIRDS_BY_SETTING = {
    "classes": {10: (10, 10), 20: (20, 20), 50: (49, 49), 200: (59, 53), 500: (59, 56)},
    "temperature": {0.01: (58, 55), 0.03: (58, 56), 0.05: (58, 56), 0.2: (56, 47), 0.5: (56, 32), 1.0: (56, 30)},
}


def studied(run_stage, out, **config):
    return run_stage("selection_study", "--config", json.dumps(config), "--out", str(out))


@pytest.fixture(scope="module")
def tables(published_class_means, run_stage, tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    assert studied(run_stage, out, class_means=str(published_class_means), centre="both").returncode == 0
    return {path.stem: read_table(path) for path in out.glob("*.csv")}


def test_top_100_is_the_published_one_in_order(published_class_means, tables):
    expected = read_table(published_class_means / "expected_top100.csv")
    found = tables["top"].query("rule == 'uot'").rename(columns={"class_id": "wnid"})
    both = expected.merge(found, on=["pretraining", "target", "rank"], suffixes=("", "_found"))
    assert len(both) == len(expected) == 600
    assert (both.wnid == both.wnid_found).all()
    assert (both.concept == both.concept_found).all()
    np.testing.assert_allclose(both.score, both.row_mass, rtol=1e-6)


def test_hashes_and_images(tables):
    summary = tables["summary"].query("rule == 'uot'").set_index(["pretraining", "target"])
    assert summary.sha256.to_dict() == HASHES
    assert summary.images.to_dict() == IMAGES
    assert (summary.gap < 1e-9).all()


@pytest.mark.parametrize("rule", BIRDS)
def test_birds_among_those_chosen_for_cub(tables, rule):
    summary = tables["summary"].query("target == 'CUB' and rule == @rule").set_index("pretraining")
    assert (summary.birds["supervised"], summary.birds["moco_v2"]) == BIRDS[rule]


@pytest.mark.parametrize("setting", BIRDS_BY_SETTING)
def test_birds_by_setting(tables, setting):
    found = tables["sensitivity"].query("target == 'CUB' and setting == @setting").set_index(["value", "pretraining"])
    for value, (supervised, moco) in BIRDS_BY_SETTING[setting].items():
        assert (found.birds[value, "supervised"], found.birds[value, "moco_v2"]) == (supervised, moco)


def test_centred_features_single_out_classes(tables):
    """What the supervised model shares between all classes hides which are near; MoCo's features share nothing."""
    shares = tables["summary"].set_index(["pretraining", "target", "rule"]).effective_classes / 1000
    supervised = {"CUB": (0.95, 0.20), "dogs": (0.95, 0.24), "caltech": (0.98, 0.74)}
    for target, (raw, centred) in supervised.items():
        assert shares["supervised", target, "uot"] == pytest.approx(raw, abs=0.01)
        assert shares["supervised", target, "uot_centred"] == pytest.approx(centred, abs=0.01)
    for target in ("CUB", "DTD"):
        assert shares["moco_v2", target, "uot_centred"] == pytest.approx(shares["moco_v2", target, "uot"], abs=0.01)
    concepts = tables["concepts"].set_index(["pretraining", "target", "rule", "concept"]).chosen
    assert concepts["supervised", "CUB", "uot_centred", "bird"] == 58
    assert [concepts["supervised", "dogs", rule, "dog"] for rule in ("uot", "uot_centred", "nearest")] == [98, 100, 97]


def test_overlaps(tables):
    models = tables["pretraining_overlap"].query("rule == 'uot'").set_index("target").shared
    assert models.to_dict() == {"CUB": 56, "DTD": 52}
    votes = tables["overlap"].query("rule == 'uot' and other_rule == 'vote'").set_index(["pretraining", "target"])
    assert (votes.shared["supervised"] >= 99).all()
    assert votes.shared["moco_v2", "CUB"] == 81


@pytest.mark.parametrize(
    ("pretraining", "effective", "mass"),
    [("supervised", (914, 980), (0.13, 0.16)), ("moco_v2", (74, 605), (0.27, 0.59))],
)
def test_plans_are_nearly_uniform_for_supervised_features(tables, pretraining, effective, mass):
    """Effective classes and the mass of the best 100, within the ranges measured over eight targets."""
    found = tables["summary"].query("rule == 'uot' and pretraining == @pretraining")
    assert found.effective_classes.round().between(*effective).all()
    assert found.mass_top_k.round(2).between(*mass).all()


def test_the_taus_hardly_matter(tables):
    found = tables["sensitivity"].query("target == 'CUB'").set_index(["pretraining", "setting"])
    for pretraining in ("supervised", "moco_v2"):
        target = found.loc[(pretraining, "tau_target")].query("value >= 10")
        assert (target.shared == 100).all()
        assert len(target) == 4
    assert (found.loc[("supervised", "tau_source")].shared == 100).all()
    assert found.loc[("moco_v2", "tau_source")].shared.agg(["min", "max"]).tolist() == [81, 100]


def test_concepts_add_up(tables):
    totals = tables["concepts"].groupby(["pretraining", "target", "rule"])[["chosen", "classes"]].sum()
    assert (totals.chosen == 100).all()
    assert (totals.classes == 1000).all()


@pytest.fixture
def class_means(tmp_path):
    home = tmp_path / "means"
    home.mkdir()
    draw = np.random.default_rng(0)
    for name, values in {
        "class_path": [f"n{i:02}" for i in range(30)],
        "class_names": [f"thing {i}" for i in range(30)],
        "class_concept": ["bird", "device", "others"] * 10,
    }.items():
        (home / f"{name}.pkl").write_bytes(pickle.dumps(values))
    for pretraining in ("one", "other"):
        for data, classes in (("ImageNet", 30), ("CUB", 6)):
            folder = home / pretraining / data
            folder.mkdir(parents=True)
            means, counts = draw.random((classes, 5)), draw.integers(5, 9, classes)
            (folder / "class_mean_unnorm.pkl").write_bytes(pickle.dumps(means))
            (folder / "class_count_unnorm.pkl").write_bytes(pickle.dumps(counts))
    return home


def test_stage_writes_the_same_bytes_twice(class_means, run_stage, tmp_path):
    config = {"classes": 5, "rules": ["uot", "random", "nearest"], "class_means": str(class_means)}
    for out in ("a", "b"):
        assert studied(run_stage, tmp_path / out, **config).returncode == 0
    tables = sorted(path.name for path in (tmp_path / "a").glob("*.csv"))
    assert len(tables) == 7
    for name in tables:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    sensitivity = pd.read_csv(tmp_path / "a" / "sensitivity.csv")
    assert set(sensitivity.query("setting == 'classes'").value) == {10, 20}  # 50 of 30 classes cannot be chosen


@pytest.mark.parametrize(
    ("config", "message"),
    [({"rule": "uot"}, "unknown key 'rule' in --config"), ({"temperature": 0}, "--config.temperature must be above 0")],
)
def test_stage_names_a_wrong_key(class_means, run_stage, tmp_path, config, message):
    found = studied(run_stage, tmp_path / "o", class_means=str(class_means), **config)
    assert found.returncode == 2
    assert message in found.stderr


def test_stage_names_a_folder_without_class_means(run_stage, tmp_path):
    found = studied(run_stage, tmp_path / "out", class_means=str(tmp_path))
    assert found.returncode == 2
    assert "no */ImageNet/class_mean_unnorm.pkl" in found.stderr


@pytest.mark.slow
def test_edited_class_means_are_read_again(class_means, tmp_path):
    """New times on the same bytes change nothing."""
    config = tmp_path / "study.yaml"
    config.write_text(f"study: {{class_means: {class_means}}}")

    def planned():
        command = [sys.executable, "workflow/tools/jobs.py", str(config), "--target", "study_selection"]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        [job] = json.loads(run.stdout)[0]
        return job["params"], job["input"]

    first = planned()
    means = sorted(class_means.rglob("class_mean_unnorm.pkl"))
    for path in means:
        os.utime(path)
    assert planned() == first
    means[0].write_bytes(pickle.dumps(np.ones((30, 5))))
    assert planned() != first
