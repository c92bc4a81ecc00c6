"""What a checkout or a clock may do to the times of files, and what a config may hold, changes no result."""

import os
import time

import pytest
import yaml


@pytest.mark.parametrize("years", [-10, 10])
def test_times_of_files_do_not_matter(experiment, years):
    """A checkout gives every file a new time, in any order; contents decide."""
    now = time.time()
    when = now + years * 365 * 86400
    files = list((experiment.checkout.folder / "workflow").rglob("*.py"))
    files += [file for file in experiment.results.rglob("*") if file.is_file()]
    for number, file in enumerate(sorted(files, key=lambda file: hash(str(file)))):
        os.utime(file, (when + number, when + number))
    try:
        assert "Nothing to be done" in experiment.finish("--dry-run")
    finally:
        for file in files:
            os.utime(file, (now, now))


def test_a_config_cannot_run_commands(experiment, tmp_path):
    """Values reach jobs as one quoted argument."""
    config = tmp_path / "config.yaml"
    fonts = ["$(touch run)`touch run`; touch run", "'; touch run #"]
    config.write_text(yaml.safe_dump({"experiment": "quoting", "datasets": {"glyphs": {"fonts": fonts}}}))
    command = ["python", "-m", "snakemake", "--cores", "1", "--configfile", str(config), "--"]
    run = experiment.checkout.run(*command, "results/quoting/data/glyphs/images.npy")
    assert run.returncode != 0
    assert "$(touch run)" in run.stdout + run.stderr
    assert not (experiment.checkout.folder / "run").exists()
