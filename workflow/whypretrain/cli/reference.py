"""The page docs/commands.md, made from the parser: `python -m whypretrain.cli.reference docs`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from whypretrain.cli import parser

HEAD = """\
# Commands

Made from the parser of the command `whypretrain` by `python -m whypretrain.cli.reference docs`; `whypretrain COMMAND
--help` shows the same text. `whypretrain --print-completion bash` (or `zsh`, `tcsh`) prints completions for your shell.
"""


def page() -> str:
    """The reference as Markdown: a section for each command."""
    whole = parser()
    commands = next(each for each in whole._actions if isinstance(each, argparse._SubParsersAction))
    about = {each.dest: each.help or "" for each in commands._choices_actions}
    sections = [_section(each, about[name]) for name, each in commands.choices.items()]
    return "\n".join([HEAD, whole.description or "", *sections])


def _section(command: argparse.ArgumentParser, about: str) -> str:
    rows = list(_rows(command))
    table = ["| argument | meaning |", "|---|---|", *rows, ""] if rows else []
    usage = " ".join(
        [command.prog, *(str(each.metavar or each.dest.upper()) for each in command._get_positional_actions())]
    )
    text = (command.description or f"`{usage}`: {about}.").strip()
    return "\n".join([f"## `{command.prog}`", "", text, "", *table])


def _rows(command: argparse.ArgumentParser) -> Iterator[str]:
    for action in command._actions:
        if not isinstance(action, argparse._HelpAction):
            value = str(action.metavar or action.dest.upper())
            names = [f"{name} {value}" if action.nargs != 0 else name for name in action.option_strings] or [value]
            meaning = (action.help or "") % {**vars(action), "prog": command.prog}
            shown = " or ".join(f"`{name}`" for name in names)
            yield f"| {shown} | {meaning} |"


if __name__ == "__main__":
    (Path(sys.argv[1]) / "commands.md").write_text(page())
