import os
import runpy
from pathlib import Path

from whypretrain.runtime.times import read_jobs

timing = runpy.run_path(str(Path(__file__).parents[2] / "workflow/tools/timing.py"))


def job(results, name, seconds, log):
    for folder, suffix, text in (("benchmarks", ".tsv", f"s\tmax_rss\n{seconds}\t10\n"), ("logs", ".log", log)):
        path = (results / folder / name).with_suffix(suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return (results / "benchmarks" / name).with_suffix(".tsv")


def test_jobs_are_split_into_computing_and_start_up(tmp_path):
    job(tmp_path, "train/a", 10.0, "warming up\ncomputed 7.50 s\n")
    job(tmp_path, "report", 3.0, "computed 2.50 s\n")
    jobs = read_jobs(tmp_path)
    assert sorted((one.wall, one.computing) for one in jobs) == [(3.0, 2.5), (10.0, 7.5)]
    text = timing["summary"](jobs, wall=10.0, cores=2)
    assert "2 jobs in 10 s" in text
    assert "computing 10 core-seconds, 50%" in text
    assert "start-up of jobs 15%" in text
    assert "without a job 35%" in text


def test_jobs_of_earlier_runs_do_not_count(tmp_path, monkeypatch, capsys):
    os.utime(job(tmp_path, "old", 5.0, "computed 5.00 s\n"), (1000, 1000))
    job(tmp_path, "new", 2.0, "computed 1.00 s\n")
    monkeypatch.setattr("sys.argv", ["timing", str(tmp_path), "--since", "2000", "--cores", "1"])
    timing["main"]()
    assert "1 job in" in (printed := capsys.readouterr().out)
    assert "on 1 core\n" in printed


def test_the_report_is_named_where_this_run_made_it(tmp_path):
    report = tmp_path / "report.html"
    assert timing["page"](tmp_path, since=0) is None
    report.write_text("page")
    os.utime(report, (2000, 2000))
    assert timing["page"](tmp_path, since=1500) == report
    assert timing["page"](tmp_path, since=2500) is None
