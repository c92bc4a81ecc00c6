"""The page: what it holds, what it says where something is missing, and that it escapes what it shows."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from parsed import Page

from whypretrain.errors import InputError
from whypretrain.figures import FIGURES as KNOWN
from whypretrain.report import build, page, papers, times
from whypretrain.stages import report as stage

CONFIG: dict[str, Any] = {
    "experiment": "tiny",
    "grid": {"source": "glyphs", "targets": ["digits", "letters"], "seeds": [0, 1, 2]},
    "statistics": {"confidence": 0.9},
}


FIGURES = len(KNOWN)


def build_from(results: Path, config: dict[str, Any] = CONFIG) -> str:
    return build(config, results=results, claims=results / "claims.csv", figures=results / "figures")


@pytest.fixture(scope="module")
def text(results: Path) -> str:
    return build_from(results)


@pytest.fixture(scope="module")
def found(text: str) -> Page:
    return Page(text)


def test_markup_is_balanced_and_identifiers_unique(found: Page) -> None:
    assert found.stack == [""]
    identifiers = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))


def test_nothing_leaves_the_page(text: str, found: Page) -> None:
    for tag, attributes in found.elements:
        for name in ("src", "href", "srcset", "action", "poster"):
            value = attributes.get(name, "#")
            assert value.startswith(("#", "data:")), f"{tag} {name}={value[:60]}"
    assert "@import" not in text
    assert "url(" not in text


def test_the_only_script_is_the_one_that_the_policy_names(text: str) -> None:
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text


def test_every_anchor_resolves(found: Page) -> None:
    identifiers = {attributes.get("id") for _, attributes in found.elements}
    anchors = [a["href"][1:] for a in found.all("a") if a["href"].startswith("#")]
    assert len(anchors) > 50
    assert set(anchors) <= identifiers


def test_headings_do_not_skip_a_level(found: Page) -> None:
    levels = [int(tag[1]) for tag, _ in found.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_picture_has_a_text(found: Page) -> None:
    pictures = found.all("img")
    assert len(pictures) == FIGURES
    assert all(len(picture["alt"]) > 30 for picture in pictures)


def test_every_figure_downloads_in_four_formats(found: Page, results: Path) -> None:
    links = {a["download"]: a["href"] for a in found.all("a") if "download" in a}
    assert len(links) == 4 * FIGURES
    for name, uri in links.items():
        assert base64.b64decode(uri.partition(",")[2]) == (results / "figures" / name).read_bytes()


def test_papers_and_their_figures_stand_in_order(text: str) -> None:
    places = [text.index(f'id="figure-{name}"') for name in ("selection", "accuracy", "knowledge", "layers", "across")]
    assert places == sorted(places)


def test_every_claim_has_its_row_and_its_figure(found: Page, results: Path) -> None:
    claims = pd.read_csv(results / "claims.csv")
    rows = {attributes.get("id") for attributes in found.all("tr")}
    assert {f"claim-{name}" for name in claims["id"]} <= rows
    links = [a["href"] for a in found.all("a")]
    assert {f"#figure-{name}" for name in claims["figure"]} <= set(links)


def test_what_was_run_is_told(found: Page) -> None:
    for part in ("glyphs & co", "11", "81", "digits, vit", "interval (90 %)", "joint_random", "30.0"):
        assert part in found.text, part
    assert "seeds:\n  - 0" in found.text  # the configuration as YAML


def test_times_tell_how_much_was_start_up(results: Path) -> None:
    by_stage = {time.stage: time for time in times.stage_times(results)}
    train = by_stage["train"]
    assert (train.jobs, train.seconds, train.longest, train.memory) == (4, 30.0, 12.5, 321.5)
    assert train.computing == pytest.approx(1.0)
    assert by_stage["claims"].computing is None  # its log does not say
    everything = times.total(results)
    assert everything is not None
    assert (everything.jobs, everything.seconds, everything.computing) == (6, 32.0, 1.0)


def test_start_up_is_what_was_not_computing(experiment: Callable[..., Path]) -> None:
    results = experiment(figures=[])
    (results / "logs/train/a.log").write_text("computed 2.5 s\n")
    assert times.stage_times(results)[0].computing == pytest.approx((2 * 2.5 + 2 * 2.5) / 30)
    assert "33 %" in build_from(results)
    assert "67 %" in build_from(results)


def test_inputs_are_told_by_their_hashes(found: Page) -> None:
    for part in ("data/glyphs", "d1" * 32, "train/digits/vit/probe/0", "e2" * 32):
        assert part in found.text, part


def test_all_that_is_shown_is_escaped(experiment: Callable[..., Path]) -> None:
    results = experiment(figures=[])
    claims = pd.read_csv(results / "claims.csv")
    claims["claim"] = "<script>alert(1)</script>"
    claims.to_csv(results / "claims.csv", index=False)
    text = build_from(results, {**CONFIG, "experiment": "<img src=x>", "note": "</pre><script>"})
    assert len(Page(text).all("script")) == 1  # the page's own
    assert not Page(text).all("img")


def test_same_results_same_page_but_for_provenance(results: Path) -> None:
    first, second = (build_from(results) for _ in range(2))
    assert first == second


def test_nothing_made_yet_says_what_makes_it(tmp_path: Path) -> None:
    found = Page(build_from(tmp_path))
    assert found.text.count("is not made yet") == FIGURES
    for target in ("data", "train", tmp_path / "claims.csv", tmp_path / "figures/knowledge.svg"):
        assert f"snakemake --cores all {target}" in found.text
    assert "this experiment's --configfile" in found.text
    assert not found.all("img")


def test_the_default_experiment_needs_no_configfile(tmp_path: Path) -> None:
    assert "--configfile" not in Page(build_from(tmp_path, {"experiment": "default"})).text


def test_some_figures_missing(experiment: Callable[..., Path]) -> None:
    found = Page(build_from(experiment(figures=["knowledge", "flow"])))
    assert len(found.all("img")) == 2
    assert found.text.count("is not made yet") == FIGURES - 2
    anchors = {a["href"][1:] for a in found.all("a") if a["href"].startswith("#")}
    assert anchors <= {attributes.get("id") for _, attributes in found.elements}


def test_one_architecture_one_target_one_seed(experiment: Callable[..., Path]) -> None:
    grid = {
        "source": "glyphs",
        "targets": ["digits"],
        "architectures": ["vit"],
        "methods": ["finetune", "scratch"],
        "seeds": [4],
    }
    found = Page(build_from(experiment({"experiment": "one", "grid": grid}, ["accuracy"])))
    assert "1 of the 3 seeds" in found.text
    assert not re.search(r"\bnan\b", found.text, re.IGNORECASE)
    assert "[–" not in found.text


def test_figure_of_ones_own_comes_last(experiment: Callable[..., Path]) -> None:
    results = experiment(figures=["my_plot"])
    assert papers(results / "figures")[-1].figures[-1].title == "My plot"
    assert 'id="figure-my_plot"' in build_from(results)


def test_large_files_are_left_out_of_the_page(experiment: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    results = experiment(figures=["knowledge", "flow"])
    (results / "figures/flow.pdf").write_bytes(b"%" * 300_000)
    monkeypatch.setattr(page, "LIMIT", 1_400_000)
    found = Page(build_from(results))
    assert f"PDF (too large for this page: {results}/figures/flow.pdf)" in found.text
    downloads = {a["download"] for a in found.all("a") if "download" in a}
    assert {"knowledge.csv", "flow.csv", "knowledge.pdf"} <= downloads


def test_large_drawing_is_shown_as_png(experiment: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    results = experiment(figures=["flow"])
    assert Page(build_from(results)).all("img")[0]["src"].startswith("data:image/svg+xml")
    monkeypatch.setattr(page, "SHOWN_AS_SVG", 10)
    assert Page(build_from(results)).all("img")[0]["src"].startswith("data:image/png")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("claims.csv", "id,paper\nx,y\n", "claims.csv: no column claim, architecture"),
        ("train/runs.csv", "method,target\nx,y\n", "runs.csv: no column accuracy, architecture"),
        ("data/glyphs/data.json", "{", "data.json: not a readable JSON file"),
        ("figures/flow.csv", "", "flow.csv: not a readable table"),
    ],
)
def test_broken_file_is_named(experiment: Callable[..., Path], name: str, content: str, message: str) -> None:
    results = experiment(figures=["flow"])
    (results / name).write_text(content)
    with pytest.raises(InputError, match=message):
        build_from(results)


def test_stage_writes_the_page(results: Path, tmp_path: Path) -> None:
    paths = ["--results", str(results), "--claims", str(results / "claims.csv")]
    out = tmp_path / "report.html"
    stage.main(
        ["--config", json.dumps({"config": CONFIG}), *paths, "--figures", str(results / "figures"), "--out", str(out)]
    )
    assert out.read_text() == build_from(results)


@pytest.mark.parametrize(
    ("value", "shown"), [(0.12345, "0.123"), (-1.0, "−1.000"), (None, "–"), (float("nan"), "–"), (12, "12.000")]
)
def test_numbers_for_reading(value: float | None, shown: str) -> None:
    assert page.number(value) == shown
