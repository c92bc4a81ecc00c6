"""Every stage opens the files that its rule gives it, and no others; its record names them."""

import json
from pathlib import Path

import pytest

from whypretrain.provenance import card_of

pytestmark = pytest.mark.slow
CONFIG = "config/smoke.yaml"
#: The page describes the run itself: times, logs, and the records and descriptions of all results.
ABOUT_THE_RUN = {"report"}
#: Make later jobs wait until the sizes of the data are known to do; nothing is read from them.
ORDERS = {f"results/smoke/{stage}/sizes.json" for stage in ("interactions", "invariances")}


@pytest.fixture(scope="module")
def stages(finished):
    """Of every job of the smoke run that started a stage: stage, files given, files opened, files recorded."""
    processes = [json.loads(path.read_text()) for path in (finished.folder.parent / "opened").glob("*.json")]
    commands = {" ".join(process["command"][1:]): process for process in processes}
    found = []
    for job in finished.graphs(CONFIG)[0]:
        [process] = [each for command, each in commands.items() if makes(each["command"], job)]
        made = set(job["output"])
        opened = {path for path in process["opened"] if is_result(finished.folder, path) and path not in made}
        record = json.loads(card_of(finished.folder / job["output"][0]).read_text())
        found.append((record["stage"], set(job["input"]) - ORDERS, opened, set(record["inputs"])))
    return found


def makes(command, job):
    """Whether a stage's command line names the outputs of a job."""
    if f"whypretrain.stages.{Path(command[0]).stem} " not in job["command"]:
        return False
    words = command[command.index("--out") + 1 :]
    places = [word.rpartition("=")[2] for word in words if not word.startswith("--")]
    first = Path(job["output"][0])
    if job["rule"] == "draw_figure":
        return places[0] == str(first.with_suffix(""))
    return any(place in (str(first), str(first.parent)) for place in places)


def is_result(checkout, path):
    place = Path(path)
    if (checkout / place).is_dir():
        return False
    hidden = any(part.startswith(".") for part in place.parts)
    if place.parts[0] == "workflow":  # code has a hash of its own
        return "resources" in place.parts
    return not hidden and place.parts[0] in ("results", "weights")


def test_every_stage_was_seen(stages):
    expected = (
        "data pretrain features select probe train runs score interactions invariances figure claims across report"
    )
    assert {stage for stage, *_ in stages} >= set(expected.split())


def test_stages_open_what_they_are_given_and_nothing_else(stages):
    for stage, given, opened, _ in stages:
        if stage not in ABOUT_THE_RUN:
            assert opened == given, stage


def test_records_name_what_was_given(stages):
    for stage, given, _, recorded in stages:
        if stage not in ABOUT_THE_RUN:
            assert recorded == given, stage
