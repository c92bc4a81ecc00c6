"""A damaged file is named and refused by what reads it, with the fix; nothing is written from it."""

import shutil

import pytest

from whypretrain import data, models, provenance
from whypretrain.data.class_means import load_class_means
from whypretrain.errors import InputError

READERS = {
    "data/glyphs/images.npy": lambda file: data.load(file.parent),
    "data/glyphs/manifest.parquet": lambda file: data.load(file.parent),
    "data/glyphs/data.json": lambda file: data.load(file.parent),
    "pretrain/vit/0/model.safetensors": lambda file: models.load(file.parent),
    "pretrain/vit/0/model.json": lambda file: models.load(file.parent),
    "features/vit/0/glyphs.npz": lambda file: load_class_means(file, key="features"),
}
# By hashes next to them, and by the archive's checksum; what else is read is checked by its record.
CHECKED = ("data/glyphs/images.npy", "pretrain/vit/0/model.safetensors", "features/vit/0/glyphs.npz")


def flipped(content):
    """The content with the lowest bit of its middle byte flipped."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


DAMAGE = {"empty": lambda content: b"", "truncated": lambda content: content[: len(content) // 2]}
CASES = [(name, how) for name in READERS for how in DAMAGE]
CASES += [(name, "flipped") for name in CHECKED]


@pytest.mark.parametrize(("name", "how"), CASES)
def test_a_damaged_file_is_named(experiment, tmp_path, name, how):
    original = experiment.results / name
    shutil.copytree(original.parent, tmp_path / "folder")
    copy = tmp_path / "folder" / original.name
    READERS[name](copy)
    copy.write_bytes({**DAMAGE, "flipped": flipped}[how](original.read_bytes()))
    with pytest.raises(InputError, match=original.name) as caught:
        READERS[name](copy)
    assert "\n" not in str(caught.value)


def test_one_flipped_bit_in_any_result_is_found_by_the_stage_that_is_given_it(experiment, tmp_path):
    """Whatever its format: tables, too, whose numbers would be read all the same."""
    copy = tmp_path / "results"
    shutil.copytree(experiment.results, copy)
    files = [file for file in copy.rglob("*") if file.is_file() and provenance.card_of(file).exists()]
    assert {".csv", ".json", ".npy", ".npz", ".parquet", ".safetensors"} == {file.suffix for file in files}
    for file in files:
        provenance.hashes([file])
        file.write_bytes(flipped(file.read_bytes()))
        with pytest.raises(InputError, match=f"{file.name}: damaged or changed"):
            provenance.hashes([file])


@pytest.mark.long
def test_a_job_stops_at_a_damaged_file_with_one_line_and_goes_on_once_it_is_remade(experiment):
    weights = experiment.results / "pretrain/vit/0/model.safetensors"
    before = weights.read_bytes()
    experiment.forget("features")
    weights.write_bytes(flipped(before))
    run = experiment.snakemake()
    assert run.returncode != 0
    assert "model.safetensors: damaged or changed" in run.stdout + run.stderr
    assert "Traceback" not in (experiment.results / "logs/features/vit-0.log").read_text()
    assert not (experiment.results / "features").exists() or not list((experiment.results / "features").rglob("*.npz"))
    weights.unlink()
    experiment.finish()
    assert weights.read_bytes() == before
