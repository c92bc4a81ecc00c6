"""What was changed to bring a model into the experiment, and what came from outside, is on the page."""

from __future__ import annotations

from pathlib import Path

from whypretrain.provenance import card_of
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


def test_files_and_folders_of_yours_are_listed_with_their_fingerprint(tmp_path: Path) -> None:
    write_json(card_of(tmp_path / "claims.csv"), {"outside": {"/home/me/photos": "ab12" * 16}})
    text = build({}, **places(tmp_path))
    assert "Files and folders of yours, with their SHA-256 (1)" in text
    assert "/home/me/photos" in text
    assert "ab12" * 16 in text
