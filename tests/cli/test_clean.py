"""`whypretrain clean`: a list by default, and nothing is removed that is not named, listed and confirmed."""

import os

import pytest

from whypretrain.cli import main


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder in which experiments were run, next to files of the user's own."""
    monkeypatch.chdir(tmp_path)
    sizes = {"results/a/report.html": 3_000_000, "results/b/claims.csv": 1_000_000, ".cache/one": 500_000}
    for name, size in {**sizes, "photos/cat.png": 9_000_000, ".snakemake/metadata/x": 10, "weights/timm/w": 20}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    os.link("results/a/report.html", "results/a/twice.html")
    (tmp_path / "results/a/photos").symlink_to(tmp_path / "photos")
    return tmp_path


def files(place):
    return {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}


def test_the_list_has_sizes_and_removes_nothing(place, capsys):
    before = files(place)
    assert main(["clean"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines[1:4]] == [
        ["3.0", "2", "results/a"], ["1.0", "1", "results/b"], ["0.5", "1", ".cache"]
    ]  # fmt: skip
    assert {line.split()[2] for line in lines[4:6]} == {".snakemake", "weights/timm"}
    assert lines[-1].startswith("4.5 MB in all")
    assert files(place) == before


def test_what_is_named_is_removed_once_confirmed(place, capsys):
    before = files(place)
    assert main(["clean", "results/a/", "./.cache"]) == 0
    assert "would be removed: 3.5 MB; nothing is removed without --yes" in capsys.readouterr().out
    assert files(place) == before
    assert main(["clean", "results/a/", "./.cache", "--yes"]) == 0
    assert "removed: 3.5 MB" in capsys.readouterr().out
    assert files(place) == {name for name in before if not name.startswith(("results/a/", ".cache/"))}
    assert (place / "photos/cat.png").stat().st_size == 9_000_000


@pytest.mark.parametrize("name", ["photos", "results", "results/a/report.html", "../x", "/", "results/c"])
def test_nothing_else_can_be_removed(place, capsys, name):
    before = files(place)
    assert main(["clean", name, "results/a", "--yes"]) == 2
    assert f"{name}: not among what can be removed; there is results/a" in capsys.readouterr().err
    assert files(place) == before


def test_nothing_is_removed_under_a_run(place, capsys):
    (place / ".snakemake/locks").mkdir()
    (place / ".snakemake/locks/0.output.lock").write_text("")
    assert main(["clean", "results/a", "--yes"]) == 2
    assert "a run is going on here" in capsys.readouterr().err
    assert (place / "results/a").exists()


def test_an_empty_folder(place, tmp_path, monkeypatch, capsys):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert main(["clean"]) == 0
    assert "Nothing here takes space" in capsys.readouterr().out
