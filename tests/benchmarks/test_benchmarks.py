"""Every benchmark runs at toy size, and both sides agree; nothing is timed here."""

import inspect
from functools import partial
from importlib import import_module

import numpy as np
import pandas as pd
import pytest
from benchmarks import _measure, _page, large_selection, low_order, stages
from benchmarks._and_or_peers import published_recipe
from benchmarks._case import NAMES, Case, Pair, cases
from benchmarks.and_or import planted

from whypretrain.interactions import all_coalitions, and_or, fourier_weight

TOYS = [(name, case) for name in NAMES for case in cases(name, quick=True)]


@pytest.mark.parametrize("case", [case for _, case in TOYS], ids=[f"{name}: {case.name}" for name, case in TOYS])
@pytest.mark.filterwarnings("ignore")  # the peers' own
def test_both_sides_agree(case):
    if case.absent:
        pytest.skip(f"the peer {case.absent} is not installed: it comes with `make bench`")
    pair = case.build()
    ours = pair.ours()
    if pair.theirs is None:
        return
    theirs = pair.theirs()
    difference = pair.difference(ours, theirs)
    assert isinstance(pair.note(ours, theirs), str)
    if not case.suspect:
        assert difference <= case.tolerance


def two_sided(ours, theirs, **options):
    return Case("toy", lambda: Pair(lambda: ours, lambda: theirs), "peer", **options)


def test_a_peer_that_differs_is_not_timed():
    row = _measure.measure(two_sided([1.0, 2.0], [1.0, 2.1], aim=1.0), quick=True)
    assert row["verdict"] == "peer differs"
    assert row["difference"] == pytest.approx(0.1 / 2.1)
    assert "ratio" not in row


def test_an_absent_peer_is_named_and_not_built():
    row = _measure.measure(Case("toy", lambda: 1 / 0, "peer", needs="no_such_module"), quick=True)
    assert (row["verdict"], row["note"]) == ("peer absent", "no_such_module is not installed")


@pytest.mark.parametrize(("aim", "verdict"), [(3.9, "meets"), (4.1, "misses"), (None, "")])
def test_ratio_is_the_peers_whole_time_over_ours(aim, verdict):
    times = np.array([[1.0, 2.0], [2.0, 4.0], [1.0, 2.0]])
    row = _measure.summary(times, two_sided(0, 0, aim=aim, share=0.5, why="reason"))
    assert (row["ratio"], row["low"], row["high"], row["verdict"]) == (4.0, 4.0, 4.0, verdict)
    assert row["peer_s"] == 4.0
    assert row.get("why") == ("reason" if verdict == "misses" else None)


def test_limit_judges_our_time_alone():
    case = Case("toy", lambda: Pair(lambda: 0), limit=1.0)
    assert _measure.summary(np.array([[0.5], [0.9]]), case)["verdict"] == "meets"
    assert _measure.summary(np.array([[1.5], [1.1]]), case)["verdict"] == "misses"


def test_median_interval_covers_the_median_and_narrows_with_rounds():
    draw = np.random.default_rng(0).normal(5.0, 1.0, size=400)
    few, many = _measure.median_interval(draw[:10]), _measure.median_interval(draw)
    assert many.low < 5.0 < many.high
    assert many.high - many.low < few.high - few.low
    assert np.isnan(_measure.median_interval([2.0]).low)


def test_exponent_is_that_of_the_power_law():
    table = pd.DataFrame({"curve": "c", "x": [1.0, 2.0, 4.0], "ours_s": [0.1, 0.4, 1.6]})
    assert _page.exponents(table) == [{"curve": "c", "exponent": "2.00", "range": "1: 100 ms, 4: 1.6 s"}]


def test_last_result_replaces_the_one_before():
    row = {"size": "8 players", "peer": "p", "ratio": 12.34, "low": 12.0, "high": 13.0, "verdict": "meets", "aim": 10.0}
    where = {"threads": 1, "date": "2026-01-01", "commit": "abc", "cpu": "cpu"}
    script = '"""Claim: x.\n\nLast result: none yet.\n\n    python\n"""\n'
    text = _page.with_last_result(script, pd.DataFrame([row | where]))
    assert "8 players, p: 12.3 (12–13)\n\n    python" in text
    assert "none yet" not in text
    assert _page.with_last_result(text, pd.DataFrame([row | where])) == text


def test_a_case_counts_as_met_where_it_is_at_every_number_of_threads():
    rows = [("a", "p", "meets", "c1"), ("a", "p", "misses", "c1"), ("b", None, "meets", "c2"), ("d", "p", "", "c2")]
    table = pd.DataFrame(rows, columns=["size", "peer", "verdict", "commit"]).assign(date="2026-01-01")
    table["peer"] = table["peer"].fillna("")
    assert _page.met(table) == "1 of 2"
    assert _page.measured(table) == "commit c1, 2026-01-01; commit c2, 2026-01-01"
    assert _page.reasons(table, "misses", "why") == ["a, p: no reason known"]


def test_page_is_the_one_made_from_its_tables():
    if not _page.tables():
        pytest.skip("no tables yet: `make bench` writes them")
    assert (_page.DOCS / "benchmarks.md").read_text() == _page.page()


def test_stages_stand_beside_those_of_a_run_before(tmp_path):
    for run, seconds in (("now", (3.0,)), ("before", (3.0, 5.0))):
        for number, each in enumerate(seconds):
            for name, text in (
                (f"benchmarks/data/{number}.tsv", f"s\tmax_rss\tcpu_time\n{each}\t100\t1.0\n"),
                (f"logs/data/{number}.log", "computed 2.0 s\n"),
            ):
                path = tmp_path / run / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
    (row,) = stages.rows(tmp_path / "now", tmp_path / "before")
    assert (row["jobs"], row["ours_s"], row["computing_s"], row["start_s"]) == (1, 3.0, 2.0, 1.0)
    assert (row["was_jobs"], row["was_ours_s"], row["was_computing_s"], row["was_start_s"]) == (2, 8.0, 4.0, 2.0)
    (line,) = _page.stage_lines(pd.DataFrame([row]))
    assert line["ours_s"] == "3.0 (8.0)"
    assert line["jobs"] == "1 (2)"


def test_span_leaves_out_pauses_and_counts_jobs_at_a_time():
    from benchmarks.experiment import span

    assert span([(0.0, 10.0), (5.0, 20.0), (30.0, 40.0)]) == (40.0, 2)
    assert span([(0.0, 10.0), (500.0, 510.0)]) == (20.0, 1)


@pytest.mark.parametrize("name", NAMES)
def test_rows_take_a_run_and_one_before(name):
    module = import_module(f"benchmarks.{name}")
    if hasattr(module, "rows"):
        inspect.signature(module.rows).bind(None, None)


@pytest.mark.parametrize("name", ["ours", "RegressionFBII"])
def test_estimators_of_pairs_find_a_game_of_pairs(name):
    if name != "ours":
        pytest.importorskip("shapiq")
    shown = all_coalitions(low_order.PLAYERS)
    table = 2.0 * shown[:, [3, 5]].all(axis=1) - 1.0 * shown[:, [0, 15]].all(axis=1) + shown[:, 7]
    estimator = low_order.ours if name == "ours" else partial(low_order.shapiq, name)
    assert low_order.compared(estimator, table, 2000)["difference"] < 1e-3


def test_games_of_the_agreement_have_their_shares_of_variance():
    shown = all_coalitions(10)
    weights = np.array([fourier_weight(low_order.game(10, seed)(shown)) for seed in range(60)]).mean(axis=0)
    np.testing.assert_allclose(weights[[0, 1, 2, 5]], [0.65, 0.2, 0.08, 0.07], rtol=0.15)
    assert weights[[3, 4, 6, 7, 8, 9]].sum() < 1e-12


def test_a_large_selection_is_measured_within_its_folder(tmp_path):
    row = large_selection.measured(3000, tmp_path)
    assert 0 <= row["lost"] < 0.2
    assert row["gap"] <= 1e-5
    assert not list(tmp_path.iterdir())


def test_the_published_recipe_stops_short():
    v = planted(6, 10)
    assert published_recipe(v) > 1.02 * and_or(v).l1
