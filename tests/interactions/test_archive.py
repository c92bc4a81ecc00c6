from dataclasses import replace

import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.interactions import digest, load_scores, require_same_players, save_scores


def test_there_and_back(make_archive, tmp_path) -> None:
    archive = make_archive()
    save_scores(archive, tmp_path / "0.npz")
    found = load_scores(tmp_path / "0.npz")
    np.testing.assert_array_equal(found.scores, archive.scores)
    np.testing.assert_array_equal(found.checkpoint_scores, archive.checkpoint_scores)
    np.testing.assert_array_equal(found.owner, archive.owner)
    assert found.about == archive.about


def test_the_same_content_gives_the_same_bytes(make_archive, tmp_path) -> None:
    for name in ("a", "b"):
        save_scores(make_archive(), tmp_path / f"{name}.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_rows_are_found_by_the_weights_that_made_them(make_archive) -> None:
    archive = make_archive()
    known = archive.known()
    np.testing.assert_array_equal(known["scratch"], archive.scores[2])
    np.testing.assert_array_equal(known["scratch5"], archive.checkpoint_scores[4])


def test_scores_that_are_not_finite_are_refused(make_archive, tmp_path) -> None:
    archive = make_archive()
    archive.scores[1, 2, 3] = np.inf
    save_scores(archive, tmp_path / "0.npz")
    with pytest.raises(InputError, match=r"0\.npz: holds scores that are not finite"):
        load_scores(tmp_path / "0.npz")


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut off", b"text"])
def test_a_missing_or_damaged_archive_is_refused(tmp_path, content) -> None:
    if content is not None:
        (tmp_path / "0.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"0\.npz: no readable score archive"):
        load_scores(tmp_path / "0.npz")


def test_an_archive_of_another_kind_is_refused(tmp_path) -> None:
    np.savez(tmp_path / "0.npz", pictures=np.zeros(3))
    with pytest.raises(InputError, match="no readable score archive"):
        load_scores(tmp_path / "0.npz")


def test_other_players_samples_or_labels_are_refused(make_archive) -> None:
    one = make_archive()
    require_same_players([one, make_archive(1)], ["a", "b"])
    for other in (make_archive(1, labels=[0, 1, 1]), replace(make_archive(1), owner=one.owner[:, ::-1])):
        with pytest.raises(InputError, match="b: samples, labels, players or coalitions differ from those of a"):
            require_same_players([one, other], ["a", "b"])


def test_the_digest_sees_settings_values_and_shapes() -> None:
    array = np.arange(6.0)
    same = digest({"a": 1}, array)
    assert same == digest({"a": 1}, array.copy())
    others = [
        digest({"a": 2}, array),
        digest({"a": 1}, array.reshape(2, 3)),
        digest({"a": 1}, array + 1),
        digest({"a": 1}, array.astype(np.float32)),
    ]
    assert len({same, *others}) == 5
