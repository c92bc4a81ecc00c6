"""The stage on real models and digits: files, columns, sharing of images and noise, bad input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
from measured import checkpointed, run

from whypretrain import data, models
from whypretrain.invariances import comparison

KEYS = ["target", "architecture", "seed", "model"]
LAYER_COLUMNS = [
    *(*KEYS, "layer", "layer_name", "estimator", "forgetting", "learning"),
    *("corrected_forgetting", "corrected_learning"),
    *("stir_tuned_given_pre", "stir_pre_given_tuned", "self_pre", "self_tuned", "cka_divergence", "cka_permuted"),
    *("seed_level", "permuted", "seed_level_learning", "permuted_learning"),
    *("residual_pre", "useless_pre", "residual_tuned", "useless_tuned", "scaled_forgetting"),
]
FLOW_COLUMNS = [
    *(*KEYS, "estimator", "reference_layer", "tested_layer"),
    *("stir", "null_stir", "flow", "null_flow", "excess"),
]


pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("stages_share_a_process")]


def test_files_and_columns(folders):
    out = run(folders, "out", tuned=("finetune=tuned", "same=pre"))
    layers, flow = pd.read_csv(out / "layers.csv"), pd.read_csv(out / "flow.csv")
    assert list(layers) == LAYER_COLUMNS
    assert list(flow) == FLOW_COLUMNS
    assert len(layers) == 2 * 2 * 4
    assert len(flow) == 2 * 2 * 16
    assert layers.drop(columns="scaled_forgetting").notna().all().all()  # not defined where self <= chance
    assert layers.model.unique().tolist() == ["finetune", "same"]
    same = layers.query("model == 'same'")
    np.testing.assert_allclose(same.cka_divergence, 0, atol=1e-9)
    np.testing.assert_allclose(same.stir_tuned_given_pre, same.self_pre)
    biased = layers.query("estimator == 'biased'")
    assert biased[["stir_tuned_given_pre", "self_pre", "permuted"]].stack().between(0, 1).all()


def test_pictures_hold_images_and_inversions(folders):
    with np.load(run(folders, "pictures") / "pictures.npz") as pictures:
        shapes = {name: pictures[name].shape for name in pictures.files}
        assert all(pictures[name].dtype == np.uint8 for name in pictures.files)
        shown, stored = pictures["images"], data.load(folders / "data").split("test").images
        assert all(any(np.array_equal(one, other) for other in stored) for one in shown)
    assert shapes == {
        "images": (2, 1, 16, 16),
        "noise": (2, 1, 16, 16),
        "pretrained": (4, 2, 1, 16, 16),
        "finetune": (4, 2, 1, 16, 16),
    }


def test_same_input_same_bytes_and_a_seed_changes_the_noise_only(folders):
    first, again, other = (run(folders, f"repeat{k}", seed=seed) for k, seed in enumerate("001"))
    for name in ("layers.csv", "flow.csv", "pictures.npz"):
        assert (first / name).read_bytes() == (again / name).read_bytes()
    with np.load(first / "pictures.npz") as one, np.load(other / "pictures.npz") as two:
        assert np.array_equal(one["images"], two["images"])
        assert not np.array_equal(one["noise"], two["noise"])


def test_repeats_are_averaged_and_their_spread_is_told(folders):
    checkpointed(folders, "repeated", (0, 5, 1))
    options = {"tuned": ("finetune=repeated",), "dynamics": ["finetune"]}
    outs = [run(folders, f"of{k}", repeats=k, **options) for k in (1, 2)]
    for name, value in (("layers", "forgetting"), ("flow", "flow"), ("dynamics", "value")):
        single, double = (pd.read_csv(out / f"{name}.csv") for out in outs)
        assert len(single) == len(double)
        apart = 2 * (single[value] - double[value]).abs()  # of the two draws, one of which is `single`
        assert (apart > 1e-6).any()
        assert not {"repeats", f"{value}_sd"} & set(single)
        known = double["repeats"].notna()
        assert (double["repeats"][known] == 2).all()
        np.testing.assert_allclose(double[f"{value}_sd"][known], apart[known] / 2**0.5, atol=1e-9)
        if name == "dynamics":  # accuracy is measured once
            assert (known == (double["metric"] != "accuracy")).all()
            assert (double["is_max"].groupby(double["metric"]).sum() > 0).all()


def test_each_model_that_is_a_reference_is_inverted_once(folders, monkeypatch):
    """The pre-trained, two tuned ones and the start of the one, however many are tested on them; anew each repeat."""
    checkpointed(folders, "followed", (0, 5, 7))
    inverted = []
    invert = comparison.invert_blocks
    monkeypatch.setattr(
        comparison, "invert_blocks", lambda model, *a, **k: inverted.append(model) or invert(model, *a, **k)
    )
    options = {"dynamics": ["finetune"], "own_start": ["finetune"], "repeats": 2}
    run(folders, "once", tuned=("finetune=followed", "other=tuned"), **options)
    weights = [tuple(model.head.weight.flatten().tolist()) for model in inverted]
    assert len(weights) == 2 * 4
    assert len(set(weights[:4])) == 4


def test_dynamics_begin_at_the_self_value_and_end_at_the_tables(folders):
    checkpointed(folders, "followed", (0, 5, 1))
    out = run(folders, "dynamics", tuned=("finetune=followed",), dynamics=["finetune", "absent"])
    found, layers = pd.read_csv(out / "dynamics.csv"), pd.read_csv(out / "layers.csv")
    assert list(found) == [*KEYS, "step", "metric", "layer", "estimator", "value", "progress", "is_max"]
    assert found.query("is_max").groupby(["metric", "layer", "estimator"]).size().tolist() == [1] * 17
    assert found.query("is_max and metric == 'cka_divergence'").step.min() > 0
    assert (found.progress == found.step / 2).all()
    assert found.groupby("step").size().tolist() == [17, 17, 17]
    values = found.set_index(["step", "metric", "estimator", "layer"]).value.sort_index()
    for estimator, table in layers.groupby("estimator"):
        np.testing.assert_allclose(values[0, "forgetting", estimator], 1 - table.self_pre)
        np.testing.assert_allclose(values[0, "cka_divergence", estimator], 0, atol=1e-9)
        np.testing.assert_allclose(values[2, "forgetting", estimator], table.forgetting)
        np.testing.assert_allclose(values[2, "cka_divergence", estimator], table.cka_divergence)
    assert values[:, "accuracy"].between(0, 1).all()


def test_learning_along_ends_at_the_tables_and_changes_nothing_else(folders):
    checkpointed(folders, "followed", (0, 5, 1))
    options = {"tuned": ("finetune=followed",), "dynamics": ["finetune"]}
    plain, out = run(folders, "plain", **options), run(folders, "along", **options, learning_along=True)
    found, layers = pd.read_csv(out / "dynamics.csv"), pd.read_csv(out / "layers.csv")
    others = found.query("metric != 'learning'").reset_index(drop=True)
    pd.testing.assert_frame_equal(others, pd.read_csv(plain / "dynamics.csv"), check_exact=True)
    learned = found.query("metric == 'learning'").set_index(["step", "estimator", "layer"]).value.sort_index()
    for estimator, table in layers.groupby("estimator"):
        np.testing.assert_allclose(learned[0, estimator], 1 - table.self_pre)
        np.testing.assert_allclose(learned[2, estimator], table.learning)


def test_own_start_compares_with_the_first_checkpoint(folders):
    checkpointed(folders, "from_pre", (0, 5))
    out = run(folders, "own", tuned=("scratch=from_pre",), own_start=["scratch"])
    tables = dict(list(pd.read_csv(out / "layers.csv").groupby("model")))
    assert list(tables) == ["scratch", "scratch_from_start"]
    with_pre, with_start = (table.drop(columns="model").reset_index(drop=True) for table in tables.values())
    pd.testing.assert_frame_equal(with_pre, with_start)  # its start has the pre-trained weights here


def test_a_model_from_another_target_is_compared_with_its_start_alone(folders):
    """As its checkpoint of step 0 was; the pre-trained model has no part in it."""
    checkpointed(folders, "near", (3, 4, 5))
    weights = safetensors.torch.load_file(folders / "near" / "checkpoints.safetensors")
    begun = models.load(folders / "near")
    begun.load_state_dict({key[2:]: value for key, value in weights.items() if key.startswith("0/")})
    models.save(begun, folders / "begun", {})
    options = {"tuned": ("near=near",), "dynamics": ["near"]}
    own = run(folders, "near_own", **options, own_start=["near"])
    out = run(folders, "near_out", **options, starts=("near=begun",))
    with_start = pd.read_csv(own / "layers.csv").query("model == 'near_from_start'").assign(model="near")
    found = pd.read_csv(out / "layers.csv")
    pd.testing.assert_frame_equal(found, with_start.reset_index(drop=True))
    along = pd.read_csv(out / "dynamics.csv").query("metric == 'forgetting' and step == 2")
    np.testing.assert_allclose(along.value, found.forgetting)


def test_fewer_images_than_classes(folders):
    layers = pd.read_csv(run(folders, "few", images=6) / "layers.csv")
    assert layers.drop(columns="scaled_forgetting").notna().all().all()  # not defined where self <= chance


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tuned": ("finetune=absent",)}, "absent"),
        ({"tuned": ("pretrained=tuned",)}, "none of them `pretrained`"),
        ({"images": 500}, "size 500"),
        ({"dynamics": ["finetune"]}, "checkpoints.safetensors"),
        ({"images": 3}, "--config.images must be at least 4, not 3"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(folders, capsys, options, words):
    with pytest.raises(SystemExit) as exit_:
        run(folders, "bad", **options)
    assert exit_.value.code == 2
    message = capsys.readouterr().err.strip()
    assert message.startswith("error: ")
    assert words in message
    assert "\n" not in message
    assert not (folders / "bad" / "layers.csv").exists()
