"""What comes from outside (checkpoints, class means, images, configs) is data: nothing of it is run."""

import ast
import copy
import io
import pickle
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whypretrain.config import check
from whypretrain.data.class_means import load_class_means, load_list
from whypretrain.data.published.fetch import unpack
from whypretrain.errors import InputError

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "workflow").rglob("*.py"))
DEFAULT = yaml.safe_load((ROOT / "config/default.yaml").read_text())
# A call that may run, or write, what a file says; and the argument that keeps it from doing so.
DANGEROUS = {
    "eval": None,
    "exec": None,
    "os.system": None,
    "pickle.load": None,
    "pickle.loads": None,
    "joblib.load": None,
    "pd.read_pickle": None,
    "yaml.load": None,
    "yaml.unsafe_load": None,
    "shutil.unpack_archive": None,
    "torch.load": ("weights_only", True),
    "np.load": ("allow_pickle", False),
}


def calls(path):
    """Every call in a source file: its name as written, and its keyword arguments that are constants."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            constants = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
            yield ast.unparse(node.func), constants


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "workflow")))
def test_nothing_runs_what_a_file_says(path):
    for name, constants in calls(path):
        assert not constants.get("shell"), f"{name} with a shell"
        if name in DANGEROUS:
            assert DANGEROUS[name] is not None, name
            argument, value = DANGEROUS[name]
            assert constants.get(argument, ...) is value, f"{name} without {argument}={value}"


def zipped(path, name):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"evil")


def tarred(path, name):
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"evil"))


def linked(path, name):
    """A link out of the folder, then a file through it."""
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("way")
        link.type, link.linkname = tarfile.SYMTYPE, str(Path(name).parent)
        archive.addfile(link)
        entry = tarfile.TarInfo("way/evil")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"evil"))


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "{outside}/evil"])
@pytest.mark.parametrize("write", [zipped, tarred, linked])
def test_an_archive_writes_nothing_outside_its_folder(tmp_path, write, name):
    outside, folder = tmp_path / "outside", tmp_path / "outside/folder"
    folder.mkdir(parents=True)
    archive = tmp_path / ("archive.zip" if write is zipped else "archive.tar")
    write(archive, name.format(outside=outside))
    with suppress(OSError, tarfile.TarError):
        unpack(archive, folder)
    assert [path for path in tmp_path.rglob("evil") if folder not in path.parents] == []


HOSTILE = ["a; touch run", "$(touch run)", "`touch run`", "a\n", "../outside", "-flag", "a b", "'", ""]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    "place", ["experiment", "datasets", "models", "train.methods", "interactions.variants", "grid.targets"]
)
def test_names_that_reach_paths_and_commands_are_plain(place, name):
    config = copy.deepcopy(DEFAULT)
    *path, last = place.split(".")
    section = config
    for key in path:
        section = section[key]
    if isinstance(section[last], dict):
        section[last][name] = copy.deepcopy(next(iter(section[last].values()), {}))
    else:
        section[last] = name if isinstance(section[last], str) else [name]
    with pytest.raises(InputError):
        check(config)


def places(section, path=()):
    for key, value in section.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from places(value, (*path, key))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


def one_line(message):
    assert message
    assert "\n" not in message


@pytest.mark.timeout(120)
@given(place=st.sampled_from(list(places(DEFAULT))), value=JSON)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_config_is_taken_or_refused_in_one_line(place, value):
    config = copy.deepcopy(DEFAULT)
    *path, last = place
    section = config
    for key in path:
        section = section[key]
    section[last] = value
    try:
        check(config)
    except InputError as error:
        one_line(str(error))


ARRAYS = st.sampled_from([np.ones((2, 3)), np.arange(4), np.array(["a"]), np.array(1.0)])


def saved(array):
    """The bytes of a .npy file."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


FILES = (ARRAYS | JSON).map(pickle.dumps) | ARRAYS.map(saved)


@st.composite
def damaged(draw):
    """Bytes that nearly are a file of class means: some replaced, some cut off; or any bytes at all."""
    content = bytearray(draw(FILES | st.binary(max_size=60)))
    for _ in range(draw(st.integers(0, 3)) if content else 0):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content)


@pytest.mark.timeout(120)
@given(content=damaged(), suffix=st.sampled_from([".pkl", ".npy", ".npz"]))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_file_of_class_means_is_read_or_refused_in_one_line(tmp_path, content, suffix):
    file = tmp_path / f"means{suffix}"
    file.write_bytes(content)
    for read in (load_class_means, load_list):
        try:
            read(file)
        except InputError as error:
            one_line(str(error))
