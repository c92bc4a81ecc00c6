"""The commands of docs/tutorial.md run to their end, in the order of the page, and give what it shows."""

import re

import pandas as pd
import pytest
from checkout import ROOT, Checkout

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]

PAGE = (ROOT / "docs/tutorial.md").read_text()
SETTING_UP, *STEPS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
*STEPS, TIDYING = STEPS
SHOWN = re.findall(r"^```text\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """A checkout in which someone has followed the page, and what each step printed."""
    assert SETTING_UP.startswith("make .venv/.done")  # the tests have an environment
    checkout = Checkout(tmp_path_factory.mktemp("tutorial") / "checkout")
    return checkout, [checkout.done("bash", "-ec", step) for step in STEPS]


def printed_by(followed, command):
    """What the step that contains a command printed; a command of one step alone."""
    [found] = [text for step, text in zip(STEPS, followed[1], strict=True) if command in step]
    return found


def test_every_step_runs_and_the_report_is_there(followed) -> None:
    checkout, _ = followed
    assert (checkout.folder / "results/mine/report.html").stat().st_size > 100_000
    runs = pd.read_csv(checkout.folder / "results/mine/train/runs.csv")
    assert runs.groupby("method").size().to_dict() == {"probe": 2, "finetune": 2, "scratch": 2}
    assert "did you mean 'steps'?" in printed_by(followed, "wrong.yaml")
    assert "Open results/mine/report.html" in "".join(followed[1])


def plain(text):
    """The lines of a text, without blanks and numbers, which differ between processors."""
    return {" ".join(re.sub(r"-?\d+(\.\d+)?", "NUMBER", line).split()) for line in text.splitlines()}


def test_it_prints_what_the_page_shows(followed) -> None:
    *shown, for_the_reader = SHOWN
    assert "birds.yaml" in for_the_reader
    assert plain("\n".join(shown)) <= plain("\n".join(followed[1]))


def test_a_changed_threshold_trains_nothing_again(followed) -> None:
    again = printed_by(followed, "--dry-run")
    assert "analyse_interactions" in again
    assert not re.search(r"train_finetune|pretrain_model|score_coalitions", again)


def test_tidying_up_leaves_nothing(followed) -> None:
    checkout, _ = followed
    checkout.done("bash", "-ec", TIDYING)
    assert not [
        name for name in ("photos", "mine.yaml", "wrong.yaml", "results/mine") if (checkout.folder / name).exists()
    ]
