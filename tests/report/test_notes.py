"""What was changed to bring a model into the experiment is on the page."""

from __future__ import annotations

from pathlib import Path

from whypretrain.report import build
from whypretrain.runtime.files import write_json


def places(results: Path) -> dict[str, Path]:
    return {"results": results, "claims": results / "claims.csv", "figures": results / "figures"}


def test_notes_on_models_are_shown(results: Path, tmp_path: Path) -> None:
    write_json(tmp_path / "pretrain/vit/0/model.json", {"provenance": {"notes": ["pos_embed was <resampled>"]}})
    text = build({}, **places(tmp_path))
    assert "pretrain/vit/0" in text
    assert "pos_embed was &lt;resampled&gt;" in text
    assert "Notes on models" not in build({}, **places(results))
