"""Cards of metrics: what they say without a run, and the numbers of a run once its tables are kept."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from whypretrain.claims import load_scales
from whypretrain.claims.validity import SUMMARY
from whypretrain.errors import InputError
from whypretrain.report import studies
from whypretrain.report.cards import cards
from whypretrain.report.pages import filled, templates, waiting
from whypretrain.runtime.files import write_json, write_table
from whypretrain.runtime.loading import load

ROOT = Path(__file__).parents[2]
METRICS = ["forgetting", "preserved share"]


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """The templates, without any kept table."""
    found = tmp_path / "docs"
    shutil.copytree(ROOT / "docs/pages", found / "pages")
    shutil.copy(ROOT / "docs/studies.yaml", found)
    return found


def page(name: str, docs: Path) -> str:
    template = templates(docs)[name]
    assert not waiting(template, docs)
    return filled(name, template, docs)


def keep(docs: Path) -> None:
    """Tables of a run of config/validity.yaml, as small as they can be."""
    folder = docs / "results/validity"
    row = dict.fromkeys(SUMMARY, 0.0)
    dose = {
        "intervention": "noise on weights",
        "placebo": False,
        "spearman": 0.93,
        "spearman_low": 0.9,
        "spearman_high": 0.96,
    }
    still = {"intervention": "units permuted", "placebo": True, "largest_move": 0.00012}
    names = {name for card in cards().values() for name in card.study}
    rows = [{**row, **each, "metric": name} for name in sorted(names) for each in (dose, still)]
    write_table(folder / "validity_summary.csv", pd.DataFrame(rows))
    scale = {"model": "finetune", "architecture": "all", "target": "all", "measured": 0.6, "floor": 0.2, "ceiling": 1.0}
    scale |= {"excess": 0.5, "low": 0.4, "high": 0.6, "note": ""}
    scales = [{**scale, "metric": name} for name in sorted({each.metric for each in load_scales()})]
    write_table(folder / "scale.csv", pd.DataFrame(scales))
    claim = {
        "id": "validity-x",
        "architecture": "all",
        "target": "all",
        "claim": "x",
        "estimate": 1.0,
        "low": 1.0,
        "high": 1.0,
    }
    claim |= {"expected": "> 0.9", "control": "", "control_estimate": 1.0, "verdict": "holds here"}
    write_table(folder / "claims.csv", pd.DataFrame([claim]))
    cost = {"jobs": 6, "wall_s": 60.0, "core_s": 123.0, "memory_mb": 500.0}
    stages = ["interactions", "invariances", "select", "all"]
    write_table(folder / "costs.csv", pd.DataFrame([{"stage": stage, **cost} for stage in stages]))
    about = {"config": "config/validity.yaml", "commit": "0" * 40, "hardware": ["a box"], "versions": {}, "sha256": {}}
    write_json(folder / studies.CARD, about)


def test_without_a_run_cards_and_page_say_so(docs: Path) -> None:
    for name in ("validity", "metrics/forgetting"):
        found = page(name, docs)
        assert "ot measured yet" in found
        assert "`snakemake --cores all --configfile config/validity.yaml` makes one" in found
    assert "1 - STIR(tuned given pre-trained)" in page("metrics/forgetting", docs)


def test_with_a_run_they_have_its_numbers(docs: Path) -> None:
    keep(docs)
    card = page("metrics/forgetting", docs)
    assert "ot measured yet" not in card
    assert "| noise on weights | forgetting | 0.93 [0.90, 0.96] |" in card
    assert "| units permuted | forgetting | 0.00012 |" in card
    assert "| invariances not forgotten | 0.60 | 0.20 | 1.00 | 0.50 [0.40, 0.60] |" in card
    assert "(../results/validity/scale.csv)" in card
    assert "6 jobs and 123 core-seconds" in card
    whole = page("validity", docs)
    assert "| `validity-x` | 1.00 [1.00, 1.00] | > 0.9 |  | holds here |" in whole
    assert "no run of `config/planted.yaml` is kept" in whole


def test_every_card_is_filled_in_and_true_to_the_code() -> None:
    known = {scale.metric for scale in load_scales()}
    for name, card in cards().items():
        assert all(card.ends()), name
        assert callable(load(card.function)), name
    assert {scale for card in cards().values() for scale in card.scales} == known


def test_a_bad_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "metrics.yaml").write_text("mine: {title: x, colour: red}")
    with pytest.raises(InputError, match=r"unknown key 'colour' in metrics\.yaml: mine"):
        cards(tmp_path / "metrics.yaml")
