"""Fingerprints follow content and nothing else, and read what changed and nothing else."""

from __future__ import annotations

import os
import shutil
import sys
import time

import pytest

from whypretrain.errors import InputError
from whypretrain.provenance import fingerprint

module = sys.modules["whypretrain.provenance.fingerprint"]


@pytest.fixture
def folder(tmp_path):
    for name in ("a/1.png", "a/2.png", "b/1.png"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_text(name)
        past = time.time() - 100
        os.utime(tmp_path / "data" / name, (past, past))
    return tmp_path / "data"


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Fingerprints with an index of their own, as if hours lay between the calls."""
    monkeypatch.setattr(module, "_SETTLED", -(10**18))
    return lambda place: fingerprint(place, tmp_path / "index")


def test_an_unchanged_folder_is_not_read_again(folder, look):
    first, second = look(folder), look(folder)
    assert (first.files, first.bytes, first.read) == (3, 21, 3)
    assert (second.sha256, second.read) == (first.sha256, 0)


CHANGES = {
    "added": lambda folder: (folder / "b/2.png").write_text("new"),
    "removed": lambda folder: (folder / "a/1.png").unlink(),
    "renamed": lambda folder: (folder / "a/1.png").rename(folder / "a/3.png"),
    "replaced by one of the same size": lambda folder: (folder / "a/1.png").write_text("a/9.png"),
    "class folder added": lambda folder: shutil.copytree(folder / "b", folder / "c"),
    "moved to another class": lambda folder: (folder / "a/1.png").rename(folder / "b/3.png"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen_and_its_files_alone_are_read(folder, look, change):
    before = look(folder)
    CHANGES[change](folder)
    after = look(folder)
    assert after.sha256 != before.sha256
    assert after.read <= 1


def test_a_file_replaced_with_its_times_kept_is_seen(folder, look):
    before, times = look(folder), (folder / "a/1.png").stat()
    (folder / "a/1.png").write_text("a/9.png")
    os.utime(folder / "a/1.png", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert look(folder).sha256 != before.sha256


def test_new_times_and_another_place_change_nothing(folder, look, tmp_path):
    before = look(folder)
    for path in folder.rglob("*.png"):
        path.touch()
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "link").symlink_to(folder)
    (folder / ".hidden").write_text("by a file browser")
    for place in (folder, tmp_path / "copy", tmp_path / "link"):
        assert look(place).sha256 == before.sha256


def test_what_was_written_a_moment_ago_is_read_again(folder, tmp_path):
    (folder / "a/1.png").write_text("a/9.png")
    assert [fingerprint(folder, tmp_path / "index").read for _ in range(2)] == [3, 3]


def test_a_file_has_the_hash_of_its_bytes(folder, look):
    from whypretrain.runtime.files import sha256

    assert look(folder / "a/1.png").sha256 == sha256(folder / "a/1.png")


def test_a_damaged_index_costs_time_alone(folder, look, tmp_path):
    before = look(folder)
    [index] = (tmp_path / "index").iterdir()
    index.write_text("nonsense\n" + index.read_text()[:30])
    assert (look(folder).sha256, look(folder).read) == (before.sha256, 0)


def test_circles_of_links_and_pipes_add_nothing(folder, look):
    before = look(folder)
    (folder / "a/loop").symlink_to(folder)
    os.mkfifo(folder / "b/pipe.png")
    assert look(folder).sha256 == before.sha256


def test_what_is_missing_is_named(folder, look, tmp_path):
    with pytest.raises(InputError, match=r"nowhere: cannot be read \(No such file or directory\)"):
        look(tmp_path / "nowhere")
    (folder / "b/gone.png").symlink_to(folder / "nothing")
    with pytest.raises(InputError, match=r"b/gone.png: cannot be read"):
        look(folder)


@pytest.mark.parametrize("name", ["a/1.png", "a"])
def test_what_must_not_be_read_is_named(folder, look, monkeypatch, name):
    (folder / name).chmod(0)
    monkeypatch.chdir(folder)
    root = os.geteuid() == 0  # who may read everything
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(InputError, match=rf"{name}: cannot be read \(Permission denied\)"):
            look(".")
    finally:
        if root:
            os.seteuid(0)
        (folder / name).chmod(0o700)


def test_a_file_that_changes_meanwhile_is_named(folder, look, monkeypatch):
    digest = module.hashlib.file_digest

    def slow(file, name):
        with open(file.name, "a") as other:
            other.write("more")
        return digest(file, name)

    monkeypatch.setattr(module.hashlib, "file_digest", slow)
    with pytest.raises(InputError, match=r"a/1.png: changed while it was read; run again"):
        look(folder)


def test_names_of_any_bytes(folder, look):
    os.rename(os.fsencode(folder / "a/1.png"), os.fsencode(folder / "a") + b"/\xff\t\n.png")
    first, second = look(folder), look(folder)
    assert first.sha256 == second.sha256
    assert second.read == 1, "a name that the index cannot hold is read each time"
