"""Fetching the archives of published data sets: resumed where it was cut, checked, unpacked."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import zipfile
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from whypretrain.data.published.catalogue import CATALOGUE
from whypretrain.data.published.entry import Archive, how_to_get
from whypretrain.errors import InputError
from whypretrain.runtime.progress import progress

_TIMEOUT = 30  # seconds without an answer
_PIECE = 1 << 20  # bytes


def fetch(name: str, folder: str | Path) -> list[Path]:
    """Fetch and unpack the data set `name` of the catalogue into `folder`; what is there already is not fetched again.

    Returns:
        The archives, which are kept.

    Raises:
        InputError: for an unknown name, a set whose terms ask people to get it themselves (with the manual step), an
            archive that cannot be reached or is not the one that was published, or a full disk.
    """
    if name not in CATALOGUE:
        raise InputError(f"{name!r} is no published data set; there are {', '.join(CATALOGUE)}")
    entry = CATALOGUE[name]
    if not entry.archives:
        raise InputError(f"{name}: {how_to_get(entry, name, folder)}")
    return [_fetched(archive, Path(folder)) for archive in entry.archives]


def _fetched(archive: Archive, folder: Path) -> Path:
    path = folder / archive.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (path.is_file() and md5(path) == archive.md5):
            download(archive.url, path, archive.md5)
        unpack(path, folder / archive.into)
    except URLError as error:
        raise InputError(f"{archive.url}: cannot be fetched ({error.reason}); run again to resume") from error
    except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: {error}; make room or fix it, then run again to resume") from error
    return path


def download(url: str, path: Path, expected: str) -> None:
    """Download to `path`; what an earlier try left in `path`.part is kept and gone on from.

    Raises:
        InputError: if the whole file has not the expected MD5; it is removed.
    """
    part = path.with_name(f"{path.name}.part")
    have = part.stat().st_size if part.exists() else 0
    with urlopen(Request(url, headers={"Range": f"bytes={have}-"} if have else {}), timeout=_TIMEOUT) as answer:
        resumed = answer.status == 206  # else the server sends everything again
        left = int(answer.headers.get("Content-Length") or 0)
        if left > shutil.disk_usage(path.parent).free:
            raise OSError(f"{left / 1e9:.1f} GB are to come, more than the disk has room for")
        with part.open("ab" if resumed else "wb") as file:
            pieces = iter(lambda: answer.read(_PIECE), b"")
            for piece in progress(pieces, path.name, total=-(-left // _PIECE)):
                file.write(piece)
        if part.stat().st_size < left + (have if resumed else 0):
            raise OSError("the connection was cut")
    if (found := md5(part)) != expected:
        part.unlink()
        raise InputError(f"{url}: not the published file, its MD5 is {found}, not {expected}; it was removed")
    part.replace(path)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a .zip or .tar file, and the .tar.gz files in it, without leaving the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
            inner = [folder / name for name in opened.namelist() if name.endswith(".tar.gz")]
        for one in inner:
            unpack(one, folder)
        return
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")


def md5(path: Path) -> str:
    """Hexadecimal MD5 of a file, the checksum that data sets publish."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()
