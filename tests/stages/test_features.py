import numpy as np
import pytest
import torch

from whypretrain import data, models
from whypretrain.stages import features

SIZE = 8


pytestmark = pytest.mark.usefixtures("stages_share_a_process")


@pytest.fixture
def model(tmp_path):
    options = {"patch_size": 4, "embed_dim": 8, "depth": 1, "num_heads": 2}
    architecture = models.Architecture("vit_tiny_patch16_224", SIZE, 1, options)
    models.save(models.build(architecture, ["a", "b"], seed=0), tmp_path / "model", {})
    return tmp_path / "model"


def image_set(folder, *, classes=3, per_class=6, without_training=None):
    """Interleaved classes, the first third of each for testing."""
    labels = np.tile(np.arange(classes), per_class)
    test = (np.arange(len(labels)) < len(labels) // 3) | (labels == without_training)
    images = np.random.default_rng(classes).integers(0, 256, (len(labels), 1, SIZE, SIZE), dtype=np.uint8)
    names = [f"class {label}" for label in range(classes)]
    found = data.assemble(
        images, labels, test=test, classes=names, concepts=names, origins=[str(row) for row in range(len(labels))]
    )
    data.save(found, folder)
    return found


def run(model, folders, out, config="{}", *more):
    features.main(["--config", config, "--model", str(model), "--data", *map(str, folders), *more, "--out", str(out)])


def test_each_data_set_gets_its_features_and_class_means(model, tmp_path):
    sets = {name: image_set(tmp_path / name, classes=classes) for name, classes in (("one", 3), ("two", 5))}
    run(model, [tmp_path / name for name in sets], tmp_path / "out", '{"batch_size": 4}')
    for name, images in sets.items():
        found = np.load(tmp_path / "out" / f"{name}.npz", allow_pickle=False)
        is_train = (images.manifest["split"] == "train").to_numpy()
        assert np.array_equal(found["labels"], images.labels)
        assert np.array_equal(found["is_train"], is_train)
        with torch.no_grad():
            expected = models.load(model).features(models.as_input(images.images)).cpu().numpy()
        assert found["features"].dtype == np.float32
        assert np.allclose(found["features"], expected, atol=1e-5)
        for label in range(len(images.classes)):
            own = is_train & (images.labels == label)
            assert found["class_counts"][label] == own.sum()
            assert np.allclose(found["class_means"][label], expected[own].mean(axis=0), atol=1e-5)


def test_the_same_input_gives_the_same_bytes(model, tmp_path):
    image_set(tmp_path / "set")
    for out in ("first", "second"):
        run(model, [tmp_path / "set"], tmp_path / out)
    assert (tmp_path / "first/set.npz").read_bytes() == (tmp_path / "second/set.npz").read_bytes()


def refused(capsys, model, folder, out):
    with pytest.raises(SystemExit) as stop:
        run(model, [folder], out)
    assert stop.value.code == 2
    assert not list(out.glob("*"))
    return capsys.readouterr().err


@pytest.mark.parametrize("label", [0, 2], ids=["first", "last"])
def test_a_class_without_training_images_is_named(model, tmp_path, capsys, label):
    image_set(tmp_path / "glyphs", without_training=label)
    told = refused(capsys, model, tmp_path / "glyphs", tmp_path / "out")
    assert f"data set 'glyphs': class 'class {label}' has no training image" in told


def test_features_that_are_not_finite_are_named(model, tmp_path, capsys):
    images = image_set(tmp_path / "glyphs")
    diverged = models.load(model)
    torch.nn.init.constant_(diverged.backbone.norm.weight, float("nan"))
    models.save(diverged, model, {})
    told = refused(capsys, model, tmp_path / "glyphs", tmp_path / "out")
    assert f"data set 'glyphs': {len(images)} images have features that are not finite" in told
    assert f"class {images.classes[images.labels[0]]!r}" in told


def test_images_of_another_size_are_refused(model, tmp_path, capsys):
    found = image_set(tmp_path / "glyphs")
    data.save(data.ImageSet(found.images[:, :, :4], found.manifest), tmp_path / "glyphs")
    told = refused(capsys, model, tmp_path / "glyphs", tmp_path / "out")
    assert "takes images of shape (1, 8, 8), not (1, 4, 8)" in told


@pytest.mark.parametrize("shards", [2, 5])
def test_gathered_shards_are_the_bytes_of_one_run(model, tmp_path, shards):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder, classes in zip(folders, (3, 5), strict=True):
        image_set(folder, classes=classes)  # 18 and 30 images: 4 and 7 batches of 4, and 2 more
    config, parts = '{"batch_size": 4}', [f"{number}-of-{shards}" for number in range(1, shards + 1)]
    run(model, folders, tmp_path / "whole", config)
    for part in parts:
        run(model, folders, tmp_path / f"shards/{part}.npz", config, "--shard", part)
    files = [str(tmp_path / f"shards/{part}.npz") for part in parts]
    numbers = [len(np.load(file)["of one"]) for file in files]
    assert sum(numbers) == 18
    assert numbers[-1] == {2: 10, 5: 6}[shards]
    run(model, folders, tmp_path / "gathered", config, "--shards", *files)
    for name in ("one.npz", "two.npz"):
        assert (tmp_path / "gathered" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.parametrize("damage", ["missing", "cut", "foreign"])
def test_a_shard_that_cannot_be_used_is_named(model, tmp_path, capsys, damage):
    image_set(tmp_path / "one")
    files = [tmp_path / f"shards/{part}.npz" for part in ("1-of-2", "2-of-2")]
    for file in files:
        run(model, [tmp_path / "one"], file, '{"batch_size": 4}', "--shard", file.stem)
        (tmp_path / "shards/.provenance" / f"{file.name}.json").unlink()
    if damage == "cut":
        files[1].write_bytes(files[1].read_bytes()[:100])
    given = files[:1] if damage == "missing" else files
    if damage == "foreign":
        np.savez(files[1], other=np.zeros(3))
    with pytest.raises(SystemExit):
        run(model, [tmp_path / "one"], tmp_path / "out", "{}", "--shards", *map(str, given))
    told = {"missing": "shards of 8 images in place of 18", "cut": "2-of-2.npz: not a readable shard"}
    assert told.get(damage, "2-of-2.npz: not a readable shard of 'one'") in capsys.readouterr().err
