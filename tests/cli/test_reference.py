"""docs/commands.md is what the parser says."""

from pathlib import Path

from whypretrain.cli import reference

PAGE = (Path(__file__).parents[2] / "docs/commands.md").read_text()


def test_the_page_is_made_from_the_parser() -> None:
    assert reference.page() == PAGE, "run `make reference`"


def test_options_show_their_value_their_short_name_and_their_default() -> None:
    assert "| `-n` or `--dry-run` |" in PAGE
    assert "| `--out OUT` | config to write; default: mine.yaml |" in PAGE
    assert "%(" not in PAGE
