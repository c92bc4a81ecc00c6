"""k-means clusters and single samples in place of classes."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.selection import (
    cluster_features,
    clusters,
    grouped,
    rank_classes,
    rank_samples,
    rank_samples_in_stages,
)


def blobs(per_blob: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Five directions with spread and any length; returns rows and their direction."""
    draw = np.random.default_rng(0)
    blob = np.repeat(np.arange(5), per_blob)
    rows = np.eye(8)[blob] + draw.normal(scale=0.05, size=(len(blob), 8))
    return rows * draw.uniform(0.5, 20, size=(len(blob), 1)), blob


@pytest.mark.parametrize(("per_blob", "batches_from"), [(40, 20_000), (40, 100), (5000, 20_000)])
def test_directions_are_found_whatever_the_lengths(per_blob, batches_from, monkeypatch):
    monkeypatch.setattr(clusters, "_BATCHES_FROM", batches_from)
    rows, blob = blobs(per_blob)
    found = cluster_features(rows, 5)
    np.testing.assert_array_equal(found.labels, blob)
    np.testing.assert_array_equal(found.counts, per_blob)


def test_means_are_those_of_the_features_as_given():
    rows, _ = blobs()
    found = cluster_features(rows, 7)
    for label in range(len(found.counts)):
        np.testing.assert_allclose(found.means[label], rows[found.labels == label].mean(axis=0), rtol=1e-12)
    assert found.counts.sum() == len(rows)


def test_equal_rows_make_fewer_clusters_and_none_is_empty():
    found = cluster_features(np.repeat(np.eye(3), 4, axis=0), 6)
    assert found.counts.tolist() == [4, 4, 4]


def test_same_seed_same_clusters():
    rows = np.random.default_rng(0).normal(size=(300, 6))
    one, same, other = (cluster_features(rows, 20, seed=seed).labels for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_clusters_rank_like_classes():
    rows, blob = blobs()
    found = cluster_features(rows, 5)
    assert rank_classes(found.means, np.eye(8)[[3]], k=1).selected.tolist() == [3]
    assert set(blob[np.isin(found.labels, [3])]) == {3}


@pytest.mark.parametrize("number", [0, 201])
def test_impossible_numbers_are_named(number):
    with pytest.raises(InputError, match=f"{number} clusters of 200 rows"):
        cluster_features(blobs()[0], number)


def test_samples_rank_as_classes_do():
    draw = np.random.default_rng(0)
    source, target = draw.normal(size=(200, 6)), draw.normal(size=(15, 6))
    samples = rank_samples(source, target, k=20, precision="double", tolerance=1e-9, block_size=64)
    classes = rank_classes(source, target, k=20)
    np.testing.assert_array_equal(samples.order, classes.order)
    np.testing.assert_allclose(samples.score, classes.score, rtol=1e-7)
    assert samples.effective_classes == pytest.approx(classes.effective_classes)


def test_clusters_of_a_memory_map_take_memory_of_blocks(tmp_path):
    rows, blob = blobs(16_000)
    np.save(tmp_path / "rows.npy", rows.astype(np.float16))
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    cluster_features(rows[:20_000], 5)  # imports
    tracemalloc.start()
    found = cluster_features(mapped, 5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(found.labels, blob)
    assert peak < rows.nbytes


def test_stages_rank_the_candidates_as_if_there_were_no_others():
    rows, blob = blobs()
    target = np.eye(8)[[3]] + 0.02
    found = rank_samples_in_stages(rows, target, grouped(blob, rows), k=10, candidates=50, temperature=0.2)
    near = np.flatnonzero(np.isin(blob, blob[found.order[:80]]))
    assert len(near) == 80
    assert 3 in blob[near]
    alone = rank_samples(rows[near], target, k=10, temperature=0.2)
    np.testing.assert_array_equal(found.order[:80], near[alone.order])
    np.testing.assert_array_equal(np.sort(found.order), np.arange(len(rows)))
    assert (found.score[found.order[80:]] == 0).all()
    whole = rank_samples_in_stages(rows, target, grouped(blob, rows), k=10, candidates=len(rows))
    np.testing.assert_array_equal(whole.order, rank_samples(rows, target, k=10).order)


def test_stages_with_broken_input_are_named():
    rows, blob = blobs()
    clusters = grouped(blob, rows)
    with pytest.raises(InputError, match="clusters are of 200 rows, the source has 199"):
        rank_samples_in_stages(rows[1:], np.eye(8), clusters)
    with pytest.raises(InputError, match="5 candidates for k = 6"):
        rank_samples_in_stages(rows, np.eye(8), clusters, k=6, candidates=5)


def test_samples_with_broken_input_are_named():
    with pytest.raises(InputError, match="k is 9 but there are 3"):
        rank_samples(np.eye(3), np.eye(3), k=9)
    with pytest.raises(InputError, match="temperature is 0"):
        rank_samples(np.eye(3), np.eye(3), temperature=0)
