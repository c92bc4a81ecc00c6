"""Reading claims, and what is wrong with them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import yaml

from whypretrain.claims import Claim, Range, Rule, load
from whypretrain.errors import InputError

GOOD: dict[str, Any] = {
    "id": "x",
    "paper": "p",
    "claim": "A beats B.",
    "where": "Fig. 1",
    "kind": "direction",
    "expected": "> 0",
    "measure": {"table": "runs", "statistic": "mean", "column": "accuracy"},
}


SCOPE = {"architecture": ["resnet*"], "pretraining": ["imagenet"], "data": ["cub200"]}


def write(folder: Path, *claims: dict[str, Any]) -> Path:
    path = folder / "claims.yaml"
    path.write_text(yaml.safe_dump({"rule": {"minimum_seeds": 3}, "scopes": {"here": SCOPE}, "claims": list(claims)}))
    return path


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("> 0", 0, math.inf), ("< -0.5", -math.inf, -0.5), ("0.13 .. 0.45", 0.13, 0.45), ("-1..1", -1, 1)],
)
def test_range(text: str, low: float, high: float) -> None:
    found = Range.parse(text)
    assert (found.low, found.high) == (low, high)


@pytest.mark.parametrize("text", ["0", ">= 0", "more than 0", "", "1 .. "])
def test_range_not_understood(text: str) -> None:
    with pytest.raises(InputError, match="is not understood; write"):
        Range.parse(text)


def test_range_holds_a_value_or_an_interval() -> None:
    found = Range.parse("0 .. 1")
    assert found.contains(0.5)
    assert found.contains(0.1, 0.9)
    assert not found.contains(0.5, 1.5)
    assert not found.contains(math.nan, math.nan)


def test_every_shipped_claim_is_complete(shipped: tuple[Rule, list[Claim]]) -> None:
    rule, claims = shipped
    assert rule.minimum_seeds == 3
    papers = [claim.paper for claim in claims]
    assert {"arXiv:2111.12292", "arXiv:2410.08455", "arXiv:2307.06006"} <= set(papers)
    for paper in set(papers):
        assert paper == "across" or papers.count(paper) >= 7
        assert any(claim.control for claim in claims if claim.paper == paper), f"no control in {paper}"
    for claim in claims:
        assert claim.figure
        assert claim.claim.endswith(".")


def test_claims_beyond_the_default_say_what_they_need(shipped: tuple[Rule, list[Claim]]) -> None:
    tables = {"runs", "select", "knowledge", "similarity", "layers", "flow", "across", "layer_dynamics", "strongest"}
    tables |= {"agreement", "agreement_dynamics", "commonality", "scale"}
    assert all(claim.needs for claim in shipped[1] if claim.measure.table not in tables)


def test_adding_a_claim_takes_no_code(tmp_path: Path) -> None:
    _, claims = load(write(tmp_path, GOOD, {**GOOD, "id": "y", "expected": "< 1"}))
    assert [claim.expected.text for claim in claims] == ["> 0", "< 1"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"expcted": "> 0"}, "claim x: unknown key 'expcted' in claim; did you mean 'expected'"),
        ({"expected": "yes"}, "claim x: range 'yes' is not understood"),
        ({"measure": {"table": "runs", "statistic": "men", "column": "a"}}, "unknown statistic 'men'; there are mean"),
        ({"measure": {"table": "runs", "statistic": "mean"}}, "statistic 'mean' needs column"),
        (
            {"measure": {"table": "runs", "statistic": "mean", "column": "a", "key": "b"}},
            "unknown key 'key' in measure",
        ),
        ({"measure": {"table": "runs", "statistic": "overlap", "key": "a"}}, "give 'of' and 'minus'"),
        ({"measure": {**GOOD["measure"], "pool": "sum"}}, "unknown pool 'sum'; there are mean, min, max"),
        ({"measure": {"statistic": "mean", "column": "a"}}, "measure lacks table"),
        ({"kind": "size"}, "kind is 'size'; write direction or magnitude"),
        ({"kind": "magnitude"}, "a magnitude, and nothing else, needs scope"),
        ({"scope": "here"}, "a magnitude, and nothing else, needs scope"),
        ({"kind": "magnitude", "scope": "there"}, "unknown scope 'there'; the file's scopes are here"),
        ({"control": {"text": "c"}}, "control lacks measure"),
        ({"control": {"text": "c", "measure": GOOD["measure"], "must": "win"}}, "range 'win' is not understood"),
    ],
)
def test_bad_claim(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(write(tmp_path, {**GOOD, **change}))


def test_claim_without_a_part(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="claim number 1: claim lacks id"):
        load(write(tmp_path, {key: value for key, value in GOOD.items() if key != "id"}))


def test_same_id_twice(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="claims x are listed twice"):
        load(write(tmp_path, GOOD, GOOD))


@pytest.mark.parametrize("text", ["", "claims: []", "rule: {minimum_seds: 3}\nclaims: []", "a: [", "- 1"])
def test_file_of_another_kind(tmp_path: Path, text: str) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match="not a YAML file with 'rule' and 'claims'"):
        load(path)
