"""What may be wrong with the text of a config file: named with the line, before Snakemake reads it."""

import json
from pathlib import Path

import pytest

from whypretrain.config import files
from whypretrain.errors import InputError

ROOT = Path(__file__).parents[2]

FAULTS = {
    "a key twice": (
        "seed: 1\ntrain: {gpus: 1}\nimage: {size: 8}\ntrain: {gpus: 0}\n",
        "train is given twice, in lines 2 and 4",
    ),
    "a key twice, further in": (
        "grid:\n  seeds: [1]\n  source: a\n  seeds: [2]\n",
        "grid.seeds is given twice, in lines 2 and 4",
    ),
    "a key twice in a list": ("a:\n- x: 1\n  x: 2\n", "a.0.x is given twice, in lines 2 and 3"),
    "no YAML": ("seed: 1\n\tgrid: 2\n", "line 2: no YAML"),
    "an open bracket": ("grid: {source: a\nseed: 1\n", "line 2: no YAML"),
    "a list as a key": ("? [1, 2]\n: 3\n", "line 1: no YAML"),
    "two documents": ("a: 1\n---\nb: 1\n", "line 2: no YAML"),
    "octal": ("grid: {seeds: [010]}\n", "line 1: grid.seeds.0: YAML reads 010 as 8; write that, or put it in quotes"),
    "base 60": ("experiment: 12:30\n", "line 1: experiment: YAML reads 12:30 as 750"),
    "itself": ("a: &a\n  b: *a\n", "a.b holds itself"),
    "aliases without end": (
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)),
        "more than 100000 values",
    ),
    "depth without end": ("[" * 5000, "no YAML"),
    "code": ("__use_yte__: true\nseed: 1\n", "line 1: __use_yte__ would run what the file says; remove it"),
    "a tag that runs code": ("a: !!python/object/apply:os.getcwd []\n", "line 1: no YAML"),
    "text alone": ("just words\n", "holds no keys"),
    "a key twice in JSON": ('{"seed": 1, "train": {"a": 1, "a": 2}}', "a is given twice; keep one"),
    "nothing": ("", "holds no keys"),
}


def complaint(path):
    with pytest.raises(InputError) as error:
        files.read(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_line(tmp_path, fault):
    text, expected = FAULTS[fault]
    (tmp_path / "mine.yaml").write_text(text)
    assert expected in complaint(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("latin-1", "line 2: byte 0xfc is not UTF-8; save it as UTF-8"), ("utf-16", "UTF-16; save it as UTF-8")],
)
def test_another_encoding_is_named(tmp_path, encoding, expected):
    (tmp_path / "mine.yaml").write_text("seed: 1\nlabel: für\n", encoding=encoding)
    assert expected in complaint(tmp_path / "mine.yaml")


def test_what_is_fine_is_read(tmp_path):
    fine = "common: &a {seed: 1}\nseed: 3\nmore:\n  <<: *a\n  name: '010'\n  time: '12:30'\n  rate: 0.5\n  label: für\n"
    for encoding in ("utf-8", "utf-8-sig"):
        (tmp_path / "mine.yaml").write_text(fine, encoding=encoding)
        found = files.read(tmp_path / "mine.yaml")
        assert found["more"] == {"seed": 1, "name": "010", "time": "12:30", "rate": 0.5, "label": "für"}
    (tmp_path / "mine.json").write_text(json.dumps({"seed": 1, "name": "a\tb"}, indent="\t"))
    assert files.read(tmp_path / "mine.json") == {"seed": 1, "name": "a\tb"}


@pytest.mark.parametrize("file", sorted(ROOT.glob("config/**/*.yaml")), ids=lambda file: file.stem)
def test_shipped_configs_have_no_fault(file):
    assert files.read(file)


def test_a_target_in_the_place_of_a_file(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert files.main(["data"]) == 2
    assert capsys.readouterr().err == (
        "error: data: cannot be read (No such file or directory); check the path; "
        "a target comes before --configfile, or after --\n"
    )
