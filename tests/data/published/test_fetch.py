"""Fetching, from a server on this machine that can resume, that cannot, and that cuts the connection."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from whypretrain.cli import main
from whypretrain.data import CATALOGUE
from whypretrain.data.published import fetch as fetching
from whypretrain.data.published.entry import Archive
from whypretrain.data.published.fetch import download, fetch
from whypretrain.errors import InputError

CONTENT = bytes(range(256)) * 9000


class Server(ThreadingHTTPServer):
    """Serves `content`; answers at most `cut` bytes of it, and obeys a Range if `resumes`."""

    content, cut, resumes = CONTENT, 10**9, True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.asked.append(self.headers.get("Range"))
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1]) if server.resumes else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(server.content) - start))
        self.end_headers()
        self.wfile.write(server.content[start:][: server.cut])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    found = Server()
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def url(server, name="set.tar.gz"):
    return f"http://127.0.0.1:{server.server_port}/{name}"


def md5(content):
    return hashlib.md5(content).hexdigest()


def test_a_whole_file(server, tmp_path):
    download(url(server), tmp_path / "file", md5(CONTENT))
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("resumes", [True, False])
def test_a_cut_download_goes_on_or_starts_again(server, tmp_path, resumes):
    server.cut, server.resumes = 1_000_000, resumes
    with pytest.raises(OSError, match="cut"):
        download(url(server), tmp_path / "file", md5(CONTENT))
    assert (tmp_path / "file.part").stat().st_size == 1_000_000
    assert not (tmp_path / "file").exists()
    server.cut = 10**9
    download(url(server), tmp_path / "file", md5(CONTENT))
    assert server.asked == [None, "bytes=1000000-"]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_another_file_is_refused_and_removed(server, tmp_path):
    with pytest.raises(InputError, match=f"its MD5 is {md5(CONTENT)}, not {'0' * 32}; it was removed"):
        download(url(server), tmp_path / "file", "0" * 32)
    assert list(tmp_path.iterdir()) == []


def archive(kind):
    """A .tar.gz or .zip with one text, and a .tar.gz inside the .zip."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as tar:
        member = tarfile.TarInfo("folder/text")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"hello"))
    if kind == "tar.gz":
        return inner.getvalue()
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as packed:
        packed.writestr("inner/one.tar.gz", inner.getvalue())
    return outer.getvalue()


def entry(server, monkeypatch, **change):
    one = Archive(url(server, "set.zip"), md5(server.content), "below")
    changed = fetching.CATALOGUE["eurosat"].__class__(**{**vars(CATALOGUE["eurosat"]), "archives": (one,), **change})
    monkeypatch.setitem(fetching.CATALOGUE, "eurosat", changed)


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_fetched_once_and_unpacked(server, tmp_path, monkeypatch, capsys, kind):
    server.content = archive(kind)
    entry(server, monkeypatch)
    for _ in range(2):
        assert main(["fetch", "eurosat", str(tmp_path)]) == 0
    assert (tmp_path / "below/folder/text").read_text() == "hello"
    assert len(server.asked) == 1
    assert capsys.readouterr().out.splitlines() == [str(tmp_path / "set.zip")] * 2


def test_an_archive_cannot_leave_its_folder(server, tmp_path, monkeypatch):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../escaped"))
    server.content = packed.getvalue()
    entry(server, monkeypatch)
    with pytest.raises(InputError, match=r"set\.zip: .*outside"):
        fetch("eurosat", tmp_path / "deep/root")
    assert not list(tmp_path.rglob("escaped"))


def test_no_room_and_no_server(server, tmp_path, monkeypatch):
    entry(server, monkeypatch)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    with pytest.raises(InputError, match="more than the disk has room for; make room"):
        fetch("eurosat", tmp_path)
    monkeypatch.undo()
    gone = Archive("http://127.0.0.1:1/set.zip", "0" * 32)
    entry(server, monkeypatch, archives=(gone,))
    with pytest.raises(InputError, match=r"127\.0\.0\.1:1/set\.zip: cannot be fetched"):
        fetch("eurosat", tmp_path)


@pytest.mark.parametrize("name", [name for name, entry in CATALOGUE.items() if not entry.archives])
def test_where_terms_must_be_agreed_to_the_manual_step_is_told(name, capsys):
    assert main(["fetch", name, "data/x"]) == 2
    error = capsys.readouterr().err
    assert CATALOGUE[name].page in error
    assert f"data/x/{CATALOGUE[name].layout}" in error
    assert error.count("\n") == 1


def test_unknown_names_and_the_list(capsys):
    assert main(["fetch", "mnist", "x"]) == 2
    assert "no published data set; there are imagenet, tiny_imagenet, cub200" in capsys.readouterr().err
    assert main(["datasets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:4] == ["kind", "classes", "train", "test"]
    assert {line.split()[0] for line in lines[1:]} == set(CATALOGUE)
