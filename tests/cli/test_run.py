"""`whypretrain run`: what people see of a run, from real runs of a Snakefile of two rules."""

import os
import pty
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from running import heeding_interrupts, until

from whypretrain.cli import main
from whypretrain.cli.board import Board, stages_of

SNAKEFILE = """
configfile: "config/default.yaml"

rule all:
    input: expand("out/{n}", n=range(3))

rule count_up:
    output: "out/{n}"
    log: "logs/{n}.log"
    message: "count to {wildcards.n}"
    shell: "(echo 'error: no {wildcards.n}; write it'; test {wildcards.n} != {config[bad]}; touch {output}) &> {log}"
"""


@pytest.fixture
def counting(tmp_path, monkeypatch):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/default.yaml").write_text("bad: 9\n")
    (tmp_path / "bad.yaml").write_text("bad: 1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SNAKEMAKE_PROFILE", raising=False)
    return [sys.executable, "-m", "whypretrain", "run", "--cores", "1"]


def in_terminal(command):
    """Exit status, and what a terminal was sent, without its control sequences."""
    pid, end = pty.fork()
    if not pid:
        os.execvp(command[0], command)
    pieces = []
    with suppress(OSError):
        while piece := os.read(end, 65536):
            pieces.append(piece)
    text = b"".join(pieces).decode(errors="replace")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def test_one_line_a_job_where_no_one_watches(counting):
    found = subprocess.run(counting, capture_output=True, text=True, check=True)
    jobs = re.findall(r"^\[(\d)/4\] (.*) \(\d+ s\)$", found.stderr, re.MULTILINE)
    assert [number for number, _ in jobs] == ["1", "2", "3", "4"]
    assert sorted(what for _, what in jobs) == ["all", "count to 0", "count to 1", "count to 2"]
    assert "rule count_up" not in found.stderr
    [log] = Path(".snakemake/log").iterdir()
    assert "3 of 4 steps" in log.read_text()
    again = subprocess.run(counting, capture_output=True, text=True, check=True)
    assert "Nothing to be done" in again.stderr


def test_a_failure_ends_with_its_log_and_what_to_do(counting):
    found = subprocess.run([*counting, "bad.yaml"], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    told = found.stderr[found.stderr.index("Failed: count to 1") :]
    assert "    error: no 1; write it\n  The whole log: logs/1.log\n  Fix the cause" in told
    assert "CalledProcessError" not in found.stderr  # the whole command: of no use to people


def test_a_terminal_shows_stages_bars_and_time(counting, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--logger", "whypretrain"]
    status, text = in_terminal(command)
    assert status == 0
    assert "4 of 4 jobs, " in text
    assert re.search(r"✓  count up +━+ +3/3", text)


ENDLESS = """
rule all:
    output: "never"
    shell: "echo $$ > started && sleep 600 && touch {output}"
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_command_alone_ends_snakemake_and_its_jobs(counting, number):
    Path("Snakefile").write_text(ENDLESS)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = subprocess.Popen(counting, **quiet, preexec_fn=heeding_interrupts)
    until(lambda: Path("started").is_file() and Path("started").read_text().strip())
    command.send_signal(number)
    assert command.wait(timeout=60) != 0
    assert not Path(f"/proc/{Path('started').read_text().strip()}").exists()
    assert not Path("never").exists()


def test_a_config_that_is_no_text_is_named_before_anything_starts(counting, capsys, tmp_path):
    (tmp_path / "latin.yaml").write_bytes("experiment: é\n".encode("latin-1"))
    assert main(["run", "latin.yaml"]) == 2
    assert "latin.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_plain_snakemake_names_it_too(counting, tmp_path, encoding):
    (tmp_path / "mine.yaml").write_bytes("experiment: é\n".encode(encoding))
    command = [sys.executable, "-m", "snakemake", "-n", "--configfile", "mine.yaml"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert found.stderr.startswith("error: mine.yaml: ")
    assert found.stderr.count("\n") == 1


def test_a_shipped_config_is_known_in_any_folder(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SNAKEMAKE_PROFILE", raising=False)
    assert main(["run", "config/smoke.yaml", "--dry-run"]) == 0
    told = capfd.readouterr()
    assert "results/smoke/report.html" in told.out + told.err


@pytest.mark.parametrize("command", ["record", "restore", "docs"])
def test_elsewhere_the_checkout_is_asked_for(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([command]) == 2
    assert "no Snakefile here" in capsys.readouterr().err


def test_stages_come_from_the_rule_files():
    found = stages_of(Path(__file__).parents[2] / "Snakefile")
    assert list(dict.fromkeys(found.values()))[:3] == ["data", "pretrain", "features"]
    assert found["score_shard"] == "interactions"


def test_trainings_are_named_after_a_method_and_belong_to_their_stage():
    board = Board({"make_data": "data", "gather_runs": "train", "write_report": "report"})
    board.see(
        "run_info", {"stats": {"write_report": 1, "train_mine": 2, "all": 1, "make_data": 3, "gather_runs": 1}}, 0
    )
    assert [(stage.name, stage.total) for stage in board.table()] == [("data", 3), ("train", 3), ("report", 1)]


def test_time_left_by_what_was_measured_and_by_the_plan():
    board = Board({"a": "a", "b": "b"}, work={"a": 10.0, "b": 40.0})
    board.see("run_info", {"stats": {"a": 2, "b": 4, "total": 6}}, 0)
    board.see("resources_info", {"cores": 2}, 0)
    board.see("job_info", {"jobid": 1, "rule_name": "a", "rule_msg": "", "log": []}, 0)
    assert board.left(0) is None
    board.see("job_finished", {"job_id": 1}, 20)
    # The other a takes 20 s, each b 4 times as much and a start of 3 s: 20 + 4 * 83 on two cores.
    assert board.left(20) == pytest.approx((20 + 4 * 83) / 2)
    board.see("job_info", {"jobid": 2, "rule_name": "a", "rule_msg": "", "log": []}, 20)
    assert board.left(35) == pytest.approx((5 + 4 * 83) / 2)
