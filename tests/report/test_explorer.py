"""Single samples on the page: what is shown of them is what the archives of scores and the pictures hold."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import replace
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import explored
import numpy as np
import pytest
from parsed import Page
from PIL import Image

from whypretrain.data import image_set
from whypretrain.errors import InputError
from whypretrain.interactions import load_scores
from whypretrain.provenance.closure import code_files
from whypretrain.report import build, papers
from whypretrain.report.explorer import INVERTED, KINDS, SAMPLES, Files, explorer
from whypretrain.report.page import HERE, LIMIT, _attachments
from whypretrain.report.shown import Picture, Sentence, border, thumbnail


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return explored.images(tmp_path_factory.mktemp("images"))


def page(files: Files, folder: Path, **changed: Any) -> str:
    places = {"results": folder, "claims": folder / "claims.csv", "figures": folder / "figures"}
    return build({**explored.CONFIG, **changed}, **places, explored=files)


def _effects(scores: np.ndarray) -> dict[tuple[int, ...], np.ndarray]:
    """Harsanyi dividends by their definition: I(S) = sum over T within S of (-1)^(|S| - |T|) v(T), (samples,)."""
    everyone = range(int(np.log2(scores.shape[-1])))

    def subsets(members):
        return chain.from_iterable(combinations(members, size) for size in range(len(members) + 1))

    def value(members):
        return scores[:, sum(1 << player for player in members)].astype(float)

    return {
        each: sum((-1) ** (len(each) - len(part)) * value(part) for part in subsets(each))
        for each in subsets(everyone)
        if each
    }


def _salient(scores: np.ndarray) -> dict[tuple[int, ...], np.ndarray]:
    """Those above 5 % of the model's largest one, in units of its mean |v(N) - v(empty)|."""
    effects = _effects(scores)
    largest = max(np.abs(each).max() for each in effects.values())
    scale = np.abs(scores[:, -1].astype(float) - scores[:, 0]).mean()
    return {name: np.where(np.abs(each) > 0.05 * largest, each, 0) / scale for name, each in effects.items()}


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("place", [0, 1])
def test_interactions_are_those_of_the_scores(files, number, place):
    archive = load_scores(files.scores[place])
    shown = explorer(files, explored.CONFIG).samples[archive.run["architecture"], "noise"][number]
    before, after = (_salient(archive.scores[explored.MODELS.index(name)]) for name in ("probe", "finetune"))
    expected = {kind: {} for kind in KINDS}
    for members in before:
        a, b = before[members][number], after[members][number]
        kept = min(a, b, key=abs) if a * b > 0 else 0
        for kind, effect in zip(KINDS, (kept, a - kept, b - kept), strict=True):
            expected[kind][members] = effect
    for kind, effects in expected.items():
        best = sorted(effects, key=lambda members: -abs(effects[members]))[:3]
        found = shown.interactions[kind]
        assert [tuple(each.players) for each in found] == [each for each in best if effects[each]]
        assert [each.effect for each in found] == pytest.approx([effects[each] for each in best if effects[each]])
    sizes = [each.size for each in chain.from_iterable(shown.interactions.values())]
    assert max(sizes) == 1
    assert min(sizes) > 0


def test_samples_are_the_images_that_were_scored(files):
    found = explorer(files, explored.CONFIG)
    data = image_set.load(files.samples[0])
    rows = data.manifest.set_index("id")
    for archive in map(load_scores, files.scores):
        cell = archive.run["architecture"], "noise"
        shown = found.samples[cell]
        assert [each.id for each in shown] == archive.about["samples"][:SAMPLES]
        assert found.scored[cell] == explored.SAMPLES
        for number, each in enumerate(shown):
            place = rows.index.get_loc(each.id)
            np.testing.assert_array_equal(each.shown.image, data.images[place])
            assert each.class_name == rows["class_name"].iloc[place]
            assert list(each.log_odds.values()) == pytest.approx(archive.scores[:2, number, -1].tolist())
            assert list(each.log_odds) == ["pre-trained (linear probe)", "fine-tuned"]


def test_inversions_are_those_of_both_models(files):
    found = explorer(files, explored.CONFIG).inverted["resnet", "noise"]
    assert len(found) == INVERTED
    with np.load(files.inversions[1]) as kept:
        for number, each in enumerate(found):
            np.testing.assert_array_equal(each.image, kept["images"][number])
            np.testing.assert_array_equal(each.noise, kept["noise"][number])
            assert list(each.layers) == ["pre-trained", "fine-tuned"]
            np.testing.assert_array_equal(each.layers["fine-tuned"], kept["finetune"][:, number])


def test_words_of_a_sentence_are_marked(tmp_path):
    files = explored.sentences(tmp_path)
    second = explorer(files, explored.CONFIG).samples["vit", "film"][1]
    assert second.shown.names([1, 3]) == ["dull", "&"]
    pieces = second.shown.marked([1, 3])
    assert "".join(before + word for before, word, _ in pieces) == explored.SENTENCES[1]
    assert [word for _, word, role in pieces if role == "player"] == [",", "story"]
    assert [word for _, word, role in pieces if not role][:2] == ["A", "dull"]


@pytest.mark.parametrize(("cells", "few"), [(1, SAMPLES), (6, SAMPLES), (12, 6), (100, 1)])
def test_many_cells_show_few_samples_each(files, cells, few):
    some = Files(files.strongest, list(files.scores[:1]) * cells, list(files.samples[:1]) * cells)
    assert {len(each) for each in explorer(some, explored.CONFIG).samples.values()} == {few}


def test_a_picture_is_small_and_keeps_its_pixels():
    image = np.random.default_rng(0).integers(0, 256, (3, 16, 16)).astype(np.uint8)
    kind, _, content = thumbnail(image).partition(",")
    assert kind == "data:image/png;base64"
    found = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
    np.testing.assert_array_equal(found, np.moveaxis(image, 0, -1))
    large = thumbnail(np.zeros((3, 448, 224), np.uint8))
    assert large.startswith("data:image/jpeg")
    assert Image.open(io.BytesIO(base64.b64decode(large.partition(",")[2]))).size == (80, 160)


def test_a_part_is_outlined_and_all_else_is_veiled():
    owner = np.array([[0, 0, -1, -1], [0, 0, 1, 1]])
    picture = Picture(np.zeros((1, 2, 4), np.uint8), owner)
    assert border(owner == 1) == "M2 1H4M2 2H4M2 1V2M4 1V2"
    assert picture.outline([1]) == border(owner == 1)
    assert picture.veil([1]) == "M0 0H4V1H0ZM0 1H2V2H0Z"
    assert picture.names([0, 1]) == ["part 1", "part 2"]  # not of one size


def test_cells_of_a_grid_are_named_by_row_and_column(files):
    shown = explorer(files, explored.CONFIG).samples["vit", "noise"][0].shown
    assert shown.names([0, 3]) == ["row 2, column 2", "row 3, column 3"]


def test_one_sample_is_shown_and_all_can_be_chosen(files, tmp_path):
    found = Page(page(files, tmp_path))
    samples = [each for each in found.all("article") if each.get("class") == "sample"]
    assert ["hidden" in each for each in samples] == [False] + [True] * (2 * (SAMPLES + INVERTED) - 1)
    assert [each["value"] for each in found.all("option")] == [each["id"] for each in samples]
    labels = [each["label"] for each in found.all("optgroup")]
    assert labels[0] == f"vit on noise: {SAMPLES} of {explored.SAMPLES} images with interactions"
    assert labels[-1] == f"resnet on noise: {INVERTED} of 48 inverted images"
    identifiers = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert {each["href"][1:] for each in found.all("use")} <= set(identifiers)
    drawn = [each for each in found.all("svg") if each.get("class") == "picture"]
    assert all(each["role"] == "img" and each["aria-label"] for each in drawn)
    assert all(each["alt"] for each in found.all("img"))


def test_names_and_sentences_are_escaped(tmp_path):
    text = page(explored.sentences(tmp_path), tmp_path)
    assert "class &lt;dog&gt;" in text
    assert "<b>no" not in text
    assert "<dog>" not in text


def test_scripts_are_those_that_the_policy_names(files, results):
    text = page(files, results)
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert len(hashes) == 2
    assert "script-src " + " ".join(f"'sha256-{each}'" for each in hashes) + ";" in text


def test_downloads_make_room_for_the_explorer(experiment):
    made = papers(experiment(figures=["flow"]) / "figures")
    assert len(_attachments(made, 0)) == 4
    assert not _attachments(made, LIMIT)


def test_the_report_is_written_again_when_a_file_of_the_page_changes():
    names = {path.name for path in HERE.iterdir() if path.suffix in (".html", ".css", ".js")}
    assert len(names) > 5
    assert names <= {path.name for path in code_files("report")}


@pytest.mark.parametrize("pictures", [True, False])
def test_nothing_to_explore_leaves_no_trace(files, tmp_path, pictures):
    text = page(Files() if pictures else files, tmp_path, report={"pictures": pictures})
    assert 'id="explorer"' not in text
    assert "#explorer" not in text
    assert "<script>" not in text


def test_what_does_not_belong_together_is_named(files, tmp_path):
    (tmp_path / "other").mkdir()
    other = explored.images(tmp_path / "other")
    data = image_set.load(other.samples[0])
    image_set.save(data.take(np.arange(12)), tmp_path / "fewer")
    with pytest.raises(InputError, match="sample '000019' of noise was scored but is not in its data"):
        explorer(replace(other, samples=[tmp_path / "fewer"] * 2), explored.CONFIG)
    other.inversions[0].write_bytes(b"PK")
    with pytest.raises(InputError, match=r"pictures\.npz: not a file of pictures"):
        explorer(other, explored.CONFIG)


def test_words_before_the_first_token_stay(tmp_path):
    sentence = Sentence("Is it so?", [1, 2], np.array([0, 1]))
    assert sentence.marked([1]) == [("", "Is", ""), (" ", "it", "player"), (" ", "so", "member"), ("", "?", "")]
