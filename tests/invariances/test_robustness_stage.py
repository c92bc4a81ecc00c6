"""The stage of robustness: accuracy on corrupted images at the checkpoints, and its correlation with forgetting."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from measured import checkpointed, run

from whypretrain import data
from whypretrain.stages import robustness

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("stages_share_a_process")]


def test_robustness_of_the_followed_checkpoints(folders):
    checkpointed(folders, "long", (0, 5, 6, 7, 8, 1))
    corrupted, found = along(folders, "robust", "long")
    assert corrupted.groupby("step").size().tolist() == [11] * 6
    columns = ["first_step", "first_share", "checkpoints"]
    assert found.query("estimator == 'biased'")[columns].values.tolist() == [[1, 0.2, 5], [2, 0.4, 4]]
    forgetting = pd.read_csv(folders / "robust" / "dynamics.csv").query(
        "metric == 'forgetting' and estimator == 'biased' and layer > 1 and step > 1"
    )
    spread = forgetting.groupby("step").value.std(ddof=0)
    accuracy = corrupted.query("severity > 0 and step > 1").groupby(["severity", "step"]).accuracy.mean()
    expected = np.mean([np.corrcoef(spread, accuracy[severity])[0, 1] for severity in range(1, 6)])
    assert found.query("estimator == 'biased' and first_step == 2").pearson_r.item() == pytest.approx(expected)


def along(folders, out, name, **more):
    """The stage of robustness on the checkpoints of a model; its two tables."""
    dynamics = run(folders, out, tuned=(f"finetune={name}",), dynamics=["finetune"]) / "dynamics.csv"
    options = {
        "--config": json.dumps({"corruptions": ["gaussian_noise", "contrast"], "accuracy_images": 40, "seed": 0}),
        **{"--data": folders / "data", "--target": "digits", "--architecture": "resnet", "--seed": 0},
        **{"--dynamics": dynamics, "--models": f"finetune={folders}/{name}", "--out": folders / out},
        **more,
    }
    robustness.main([str(word) for pair in options.items() for word in pair])
    return [pd.read_csv(folders / out / f"{table}.csv") for table in ("corrupted", "robustness")]


def published(folders, name, origin="fog {severity} {row}", **changes):
    """Test digits as a published set of corrupted images keeps them: darker with severity."""
    digits = data.load(folders / "data")
    train, test = digits.split("train"), digits.split("test")
    parts = [replace(train, manifest=train.manifest.assign(**changes))] + [
        replace(
            test,
            images=test.images // severity,
            manifest=test.manifest.assign(
                origin=[origin.format(severity=severity, row=row) for row in range(len(test))], **changes
            ),
        )
        for severity in range(1, 6)
    ]
    images = np.concatenate([part.images for part in parts])
    data.save(replace(digits, images=images, manifest=pd.concat([part.manifest for part in parts])), folders / name)
    return folders / name


def test_robustness_on_a_published_set_of_corrupted_images(folders):
    checkpointed(folders, "hurt", (0, 5, 6, 7, 8, 1))
    corrupted, found = along(folders, "hurt_out", "hurt", **{"--corrupted": published(folders, "digits_c")})
    assert corrupted.groupby("step").size().tolist() == [6] * 6
    assert set(corrupted.query("severity > 0").corruption) == {"digits_c"}
    clean = corrupted.query("severity == 0").set_index("step").accuracy
    mild = corrupted.query("severity == 1").set_index("step").accuracy  # not darker at all
    np.testing.assert_allclose(clean, mild)
    assert found.pearson_r.between(-1, 1).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [({"origin": "fog {row}"}, "have no severity"), ({"class_name": "rain"}, "classes are not the target's")],
)
def test_another_set_in_place_of_corrupted_images(folders, capsys, options, words):
    checkpointed(folders, "hurt", (0, 5, 6, 7, 8, 1))
    with pytest.raises(SystemExit):
        along(folders, "refused", "hurt", **{"--corrupted": published(folders, "other_c", **options)})
    assert words in capsys.readouterr().err
