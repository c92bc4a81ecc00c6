"""A run as people watch it: one live view in a terminal, one line a job elsewhere.

Snakemake's own log, with every reason, goes to `.snakemake/log/` as always.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from logging import WARNING, LogRecord
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from snakemake_interface_logger_plugins.base import LogHandlerBase

from whypretrain.cli.board import Board, Job, stages_of
from whypretrain.cli.run import snakefile_here
from whypretrain.runtime.progress import NOTES, note_of

_SHOWN = 6  # jobs that are listed at a time
_TAIL = 12  # lines of the log of a job that failed
_FAILED = re.compile(r"RuleException:\s+CalledProcessError")  # of a job: its log, which is shown, says why
_RAISED = re.compile(r'\n +File "[^"]*Snakefile", line \d+, in <module>\s*$')
_QUIET = ("Nothing to be done", "Error", "Exiting", "Terminating", "Shutting down", "Complete log")


class LogHandler(LogHandlerBase):
    """Shows the events of a run."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        self.board = Board(stages_of(snakefile_here()))
        self.console = Console(stderr=True, highlight=False)
        self.start = time.monotonic()
        self.view: Live | None = None

    def emit(self, record: LogRecord) -> None:
        """Show what one event changed."""
        try:
            self._emit(record)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Leave the last state on the terminal."""
        if self.view:
            self.view.stop()
        super().close()

    def _emit(self, record: LogRecord) -> None:
        event, now = getattr(record, "event", None), time.monotonic()
        ended = self.board.see(event and str(event), record.__dict__, now)
        if event == "run_info" and self.console.is_terminal and not self.view:
            self.view = Live(get_renderable=self._page, console=self.console, refresh_per_second=4)
            self.view.start()
        if event == "job_error" and ended:
            self._say(*failure(ended))
        elif event == "job_finished" and ended and not self.view:
            done, total = self.board.jobs
            self._say(f"[{done}/{total}] {ended.what} ({now - ended.start:.0f} s)")
        elif (event == "error" and not _FAILED.match(record.getMessage())) or (event is None and self._matters(record)):
            self._say(_plain(record.getMessage()))
        done, total = self.board.jobs
        if self.view and total and done == total:
            self.view.stop()

    def _matters(self, record: LogRecord) -> bool:
        text = str(record.msg or "")
        return bool(text) and (record.levelno >= WARNING or text.startswith(_QUIET))

    def _say(self, *lines: str) -> None:
        for line in lines:
            self.console.print(line, markup=False, soft_wrap=True)

    def _page(self) -> Group:
        """The view at this moment."""
        now = time.monotonic()
        if not self.board.work:
            self.board.work = _work(getattr(self.settings, "plan", None))
        done, total = self.board.jobs
        head = Text(f"{done} of {total} jobs, {span(now - self.start)} so far{self._left(now)}", style="bold")
        table = Table.grid(padding=(0, 2))
        for stage in self.board.table():
            mark = "✓" if stage.done == stage.total else "▸" if stage.running else " "
            bar = ProgressBar(total=stage.total, completed=stage.done, width=20)
            table.add_row(mark, stage.name.replace("_", " "), bar, f"{stage.done}/{stage.total}")
        return Group(head, table, *self._running(now))

    def _left(self, now: float) -> str:
        done, total = self.board.jobs
        left = self.board.left(now) if done else None
        if done == total:
            return ""
        return f", about {span(left)} left" if left is not None else ", estimating the time left"

    def _running(self, now: float) -> Iterator[Text]:
        jobs = list(self.board.running.values())
        for job in jobs[:_SHOWN]:
            line = f"  {job.what}: {span(now - job.start)}{_noted(job)}"
            yield Text(line, style="dim", overflow="ellipsis", no_wrap=True)
        if len(jobs) > _SHOWN:
            yield Text(f"  and {len(jobs) - _SHOWN} more", style="dim")


def failure(job: Job) -> list[str]:
    """What failed, the end of its log, and what to do."""
    lines = [f"Failed: {job.what}"]
    for log in job.logs:
        try:
            text = Path(log).read_text(errors="replace").splitlines()
        except OSError:
            continue
        lines += [f"    {line}" for line in text[-_TAIL:]]
        lines.append(f"  The whole log: {log}")
    return [*lines, "  Fix the cause and run the same command again: what is done is kept."]


def span(seconds: float) -> str:
    """A duration as people say it.

    >>> span(7), span(75), span(3660)
    ('7 s', '1 min 15 s', '1 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60} min"


def _noted(job: Job) -> str:
    """How far the job itself is, if its process says so."""
    folder = os.environ.get(NOTES)
    for log in job.logs if folder else ():
        try:
            return f", {note_of(str(folder), log).read_text()}"
        except OSError:
            continue
    return ""


def _work(path: str | None) -> dict[str, float]:
    """Operations of one job by rule, from the plan's file; empty until it is there."""
    try:
        return dict(json.loads(Path(path or "").read_text()))
    except (OSError, ValueError):
        return {}


def _plain(text: str) -> str:
    """A message of Snakemake's without the line of the Snakefile that it arose in.

    >>> raised = ['WorkflowError in file "Snakefile", line 3:', "no seed", '  File "Snakefile", line 3, in <module>']
    >>> print(_plain("\\n".join(raised)))
    no seed
    """
    text = _RAISED.sub("", text)
    first, _, rest = text.partition("\n")
    return rest or first if first.startswith("WorkflowError in") else text
