import numpy as np
import pandas as pd
import pytest

from whypretrain.errors import InputError
from whypretrain.runtime.files import atomic, read_json, read_table, sha256, write_json, write_table


def test_atomic_leaves_nothing_behind_when_the_writer_fails(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("old")

    def write_half():
        with atomic(target) as temporary:
            temporary.write_text("half of the new")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_atomic_makes_folders_and_keeps_the_suffix(tmp_path):
    with atomic(tmp_path / "a" / "b.npz") as temporary:
        assert temporary.suffix == ".npz"
        np.savez(temporary, x=np.arange(3))
    assert np.load(tmp_path / "a" / "b.npz")["x"].tolist() == [0, 1, 2]


def test_atomic_files_are_readable_as_the_umask_allows(tmp_path):
    write_json(tmp_path / "x.json", {})
    reference = tmp_path / "plain"
    reference.write_text("")
    assert (tmp_path / "x.json").stat().st_mode == reference.stat().st_mode


def test_tables_keep_every_digit_and_missing_values(tmp_path):
    table = pd.DataFrame({"name": ["a", "b"], "value": [0.1 + 0.2, np.nan]})
    write_table(tmp_path / "t.csv", table)
    pd.testing.assert_frame_equal(read_table(tmp_path / "t.csv"), table, check_exact=True)


def test_json_is_sorted_and_refuses_nan(tmp_path):
    write_json(tmp_path / "x.json", {"b": 1, "a": [1.5]})
    assert (tmp_path / "x.json").read_text().index('"a"') < (tmp_path / "x.json").read_text().index('"b"')
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "x.json", {"a": float("nan")})
    assert read_json(tmp_path / "x.json") == {"a": [1.5], "b": 1}


@pytest.mark.parametrize("read", [read_json, read_table])
def test_unreadable_files_are_named(tmp_path, read):
    with pytest.raises(InputError, match=r"absent\.txt"):
        read(tmp_path / "absent.txt")
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(InputError, match=r"empty\.txt"):
        read(tmp_path / "empty.txt")


def test_sha256_of_known_bytes(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_names_of_classes_stay_text(tmp_path):
    names = ["NA", "007", "1e3", "null", "$5", "猫"]
    write_table(tmp_path / "table.csv", pd.DataFrame({"class_name": names, "concept": names[::-1], "score": 0.5}))
    found = read_table(tmp_path / "table.csv")
    assert found["class_name"].tolist() == names
    assert found["concept"].tolist() == names[::-1]
    assert found["score"].tolist() == [0.5] * 6
