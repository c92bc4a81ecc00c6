"""ELPV, from a package and from a folder."""

import numpy as np
import pytest
from PIL import Image

from whypretrain.data import build
from whypretrain.errors import InputError

GRADES = (("0.0", "mono"), ("0.3333333333333333", "mono"), ("0.6666666666666666", "poly"), ("1.0", "poly"))


def read(root, **options):
    return build("cells", {"kind": "elpv", "root": str(root), **options}, size=8, channels=1, seed=0)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with five cells of each grade; a cell is as bright as its grade."""
    data = tmp_path / "some_cells/data"
    (data / "images").mkdir(parents=True)
    (data.parent / "__init__.py").write_text("raise RuntimeError('imported')")
    lines = []
    for number in range(20):
        Image.new("L", (30, 30), 80 * (number % 4)).save(data / f"images/cell{number:04d}.png")
        lines.append("images/cell{:04d}.png  {}          {}".format(number, *GRADES[number % 4]))
    (data / "labels.csv").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return data


def test_a_package_is_a_root(package):
    made = read("package:some-cells", test_fraction=0.4)
    assert np.array_equal(made.images[:, 0, 0, 0], 80 * made.labels)
    assert [len(made.split(name)) for name in ("train", "test")] == [12, 8]
    assert made.classes == ["functional", "probably functional", "probably defective", "defective"]
    assert (made.about["licence"], made.about["metric"]) == ("CC BY-NC-SA 4.0", "mean_class_accuracy")
    assert (read(package).images == read(package.parent).images).all()


def test_cells_of_one_type(package):
    for number, line in enumerate(lines := (package / "labels.csv").read_text().splitlines()):
        lines[number] = line.replace("mono", "poly") if number < 12 else line.replace("poly", "mono")
    (package / "labels.csv").write_text("\n".join(lines))
    assert len(read(package, cells="mono", test_fraction=0.5)) == 8
    (package / "labels.csv").write_text("\n".join(lines[:12]))
    with pytest.raises(InputError, match=r"cells: .*labels\.csv has none of type mono; use all"):
        read(package, cells="mono")


def test_a_line_of_another_form_is_named(package):
    for wrong in ("images/cell0000.png 0.5 mono", "cell0000.png,1.0,mono"):
        (package / "labels.csv").write_text(f"images/cell0000.png 1.0 mono\n{wrong}\n")
        with pytest.raises(InputError, match=f"line '{wrong}': must be"):
            read(package)


def test_without_the_package_one_line_says_how_to_get_it(tmp_path):
    with pytest.raises(InputError, match="run `pip install no-such-cells`"):
        read("package:no-such-cells")
    with pytest.raises(InputError, match="`pip install elpv-dataset` and set root to package:elpv-dataset, or get"):
        read(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"labels\.csv is missing"):
        read(tmp_path)
