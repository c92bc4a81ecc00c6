"""The report: one self-contained page of what was run, the verdicts, and the figures with all their data."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml
from markupsafe import Markup

from whypretrain import provenance
from whypretrain.config.encoders import sample_word
from whypretrain.errors import InputError
from whypretrain.figures import Figure, Paper
from whypretrain.report import contents, facts, times
from whypretrain.report.answers import answers
from whypretrain.report.differences import differences
from whypretrain.report.explorer import KINDS, Files, explorer
from whypretrain.report.verdicts import read
from whypretrain.runtime.files import atomic

HERE = Path(__file__).parent
LIMIT = 10_000_000  # bytes of the page
SHOWN_AS_SVG = 400_000  # bytes; a larger drawing is slow to show, so its PNG is shown
ROWS = 40  # of a figure's table shown on the page
MEDIA = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf", "csv": "text/csv"}


def build(
    config: Mapping[str, Any], *, results: Path, claims: Path, figures: Path, explored: Files | None = None
) -> str:
    """The page as HTML text, from whatever is there; what is missing is said in its place, with the command.

    Arguments:
        config: the whole configuration of the experiment.
        results: the experiment's folder.
        claims: table of verdicts.
        figures: folder of the figures' files.
        explored: what single samples are shown from, unless the config has `report: {pictures: false}`.

    Raises:
        InputError: if a file is there but is not what its name says.
    """
    pictures = config.get("report", {}).get("pictures", True)
    papers = contents.papers(figures, pictures=pictures, sample=sample_word(config))
    confidence = config.get("statistics", {}).get("confidence", 0.95)
    runs, verdicts = facts.runs(results), read(claims) if claims.is_file() else None
    environment = _environment()
    samples = _samples(explored if explored and pictures else Files(), config, environment)
    used = {"filter.js": verdicts, "explorer.js": samples}
    scripts = [(HERE / name).read_text() for name, shown in used.items() if shown]
    context = {
        "config": config,
        "config_text": yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True),
        "grid": config.get("grid", {}),
        "results": str(results),
        "differences": differences(results, config),
        "papers": papers,
        "made": contents.names(papers),
        "claims_path": str(claims),
        "verdicts": verdicts,
        "samples": samples,
        "data_sets": facts.data_sets(results, config.get("grid", {})),
        "normalisations": facts.normalisations(results),
        "notes": facts.notes(results),
        "left_out": facts.left_out(config),
        "confidence": confidence,
        "headline": facts.headline(runs, confidence),
        "times": times.stage_times(results),
        "total": times.total(results),
        "hashes": {
            "Files and folders of yours": facts.outside(results),
            "Data sets and models": facts.inputs(results),
            "Tables behind this page": facts.tables(results),
        },
        "versions": provenance.versions(),
        "hardware": facts.hardware(results),
        "git": facts.git_state(HERE),
        "config_hash": provenance.config_hash(config),
        "answers": answers(runs, results, config),
        "chart": vars(environment.get_template("answers.html").module)["chart"],
        "style": (HERE / "style.css").read_text(),
        "scripts": {script: base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts},
        "attached": _attachments(papers, len(samples)),
    }
    return environment.get_template("template.html").render(context)


def _samples(explored: Files, config: Mapping[str, Any], environment: jinja2.Environment) -> Markup:
    """The explorer; empty where there is nothing to choose."""
    found = explorer(explored, config)
    return Markup(environment.get_template("explorer.html").render(explorer=found, kinds=KINDS) if found.groups else "")


def write(page: str, out: Path) -> None:
    """Write the page whole or not at all."""
    with atomic(out) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _environment() -> jinja2.Environment:
    """Templates of this package; every value is escaped, and an unknown name is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "percent": _percent, "image": _image, "rows": _rows}
    environment.tests["known"] = pd.notna
    return environment


def number(value: float | None, digits: int = 3) -> str:
    """A number for reading: `digits` decimals, a true minus sign, a dash where it is not defined."""
    if value is None or pd.isna(value):
        return "–"
    return f"{value:.{digits}f}".replace("-", "−")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def _image(figure: Figure) -> str:
    """The picture to show, as a data URI."""
    svg = figure.files.get("svg")
    small = svg is not None and svg.stat().st_size <= SHOWN_AS_SVG
    return _data_uri(figure.files["svg"] if small or "png" not in figure.files else figure.files["png"])


def _rows(figure: Figure) -> dict[str, Any] | None:
    """The first rows of a figure's table, and how many there are."""
    if "csv" not in figure.files:
        return None
    try:
        table = pd.read_csv(figure.files["csv"])
    except (OSError, ValueError) as error:
        raise InputError(f"{figure.files['csv']}: not a readable table ({error}); draw the figure again") from error
    cells = [[number(c, 4) if isinstance(c, float) else str(c) for c in row] for row in table[:ROWS].to_numpy(object)]
    return {"columns": list(table), "cells": cells, "total": len(table)}


def _attachments(papers: list[Paper], explorer: int) -> dict[Path, str]:
    """Data URIs of the files to download, the largest left out until the page, with its explorer, keeps its size."""
    figures = [figure for paper in papers for figure in paper.figures if figure.made]
    shown = explorer + sum(len(_image(figure)) for figure in figures)
    uris = {path: _data_uri(path) for figure in figures for path in figure.files.values()}
    for path in sorted(uris, key=lambda path: len(uris[path]), reverse=True):
        if shown + sum(map(len, uris.values())) < LIMIT - 1_000_000:  # the page's own text
            break
        del uris[path]
    return uris


def _data_uri(path: Path) -> str:
    return f"data:{MEDIA[path.suffix[1:]]};base64,{base64.b64encode(path.read_bytes()).decode()}"
