"""Cards of metrics: what `resources/metrics.yaml` says about each, with its floors and ceilings from `scales.yaml`."""

from __future__ import annotations

from pathlib import Path

import yaml

from whypretrain.claims import load_scales
from whypretrain.config.section import Section
from whypretrain.errors import InputError

RESOURCES = Path(__file__).parents[1] / "resources"
FOLDER = "metrics"  # of the pages below docs


class Card(Section):
    """One metric."""

    title: str
    """what it is called"""
    meaning: str
    """what it measures"""
    formula: str
    """how"""
    range: str
    """values that it can have"""
    limits: list[str]
    """what it cannot see"""
    cost: str
    """what it takes"""
    source: str
    """paper and equation"""
    column: str
    """table and column that hold it"""
    function: str
    """of the package"""
    stage: str
    """target of the workflow that measures it"""
    study: list[str] = []
    """its names in validity_summary.csv"""
    scales: list[str] = []
    """its names in scales.yaml"""
    floor: str = ""
    """chance level in words, of metrics without scales"""
    ceiling: str = ""
    """ceiling in words, of metrics without scales"""

    def ends(self) -> tuple[str, str]:
        """What the floor and the ceiling are."""
        if not self.scales:
            return self.floor, self.ceiling
        known = {scale.metric: scale for scale in load_scales()}
        if unknown := [name for name in self.scales if name not in known]:
            raise InputError(f"metrics.yaml: {self.title}: no scale {unknown[0]!r}; there is {', '.join(known)}")
        first = known[self.scales[0]]
        return first.floor[0], first.ceiling[0]


def cards(path: Path = RESOURCES / "metrics.yaml") -> dict[str, Card]:
    """The cards of all metrics, by the names of their pages.

    Raises:
        InputError: if the file is not readable, or an entry lacks a key or has an unknown one.
    """
    try:
        found = yaml.safe_load(path.read_text())
        return {name: Card.of(entry, f"{path.name}: {name}") for name, entry in found.items()}
    except (OSError, yaml.YAMLError, AttributeError) as error:
        raise InputError(f"{path}: not a readable list of metrics ({error})") from error
