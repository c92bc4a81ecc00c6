"""Fonts, sizes and looks: each method, kind of knowledge and concept looks the same in every figure.

Colours are those of Okabe and Ito, which stay apart for colour-blind readers; markers, dashes and hatches
carry the same distinction where there is no colour at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import cycle, product
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, BLACK = "#CC79A7", "#56B4E9", "#B8A900", "#000000"
GREY, PALE, INK = "#6E6E6E", "#B3B3B3", "#222222"

SOLID, DASHED, DOTTED, DASHDOT = "-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1.2, 1, 1.2))
SHORT, LONG, SPARSE = (0, (2, 1)), (0, (8, 2)), (0, (1, 2.5))
UNEVEN, DASHDOTDOT = (0, (6, 1.5, 2, 1.5)), (0, (4, 1, 1, 1, 1, 1))

RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "axes.titlelocation": "left",
    "axes.titlepad": 3,
    "axes.labelpad": 2,
    "lines.linewidth": 1.3,
    "lines.markersize": 3.5,
    "hatch.linewidth": 0.5,
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "svg.hashsalt": "whypretrain",  # identifiers in the file would be random otherwise
    "svg.fonttype": "path",
    "pdf.fonttype": 42,  # publishers refuse type 3
}

WIDTH = {"one": 3.4, "two": 7.0}  # inches
PANELS = {"one": 2, "two": 4}  # panels side by side that stay legible at that width


@dataclass(frozen=True)
class Look:
    """How one series is drawn and called."""

    label: str
    colour: str
    marker: str = "o"
    line: Any = SOLID
    hatch: str = ""
    hollow: bool = False

    def handle(self, *, line: bool = True) -> Line2D:
        """The series' entry in a legend."""
        style: Any = self.line if line else "none"
        return Line2D([], [], color=self.colour, marker=self.marker, linestyle=style, label=self.label)

    def patch(self) -> Patch:
        """The entry of a filled series."""
        return Patch(
            facecolor=self.colour, edgecolor="white", hatch=self.hatch, linewidth=0, label=self.label
        )


METHODS: dict[str, Look] = {
    "pretrained": Look("pre-trained", GREY, "s", DOTTED),
    "probe": Look("linear probe", GREY, "s", DOTTED),
    "probe_paper": Look("probe, fine-tuning recipe", BLACK, "d", UNEVEN),
    "finetune": Look("fine-tuned", BLUE, "o", SOLID),
    "finetune_again": Look("fine-tuned again", SKY, ">", DASHED),
    "finetune_long": Look("fine-tuned, long", SKY, "h", DASHDOT),
    "joint_uot": Look("joint, UOT", GREEN, "D", DASHDOT),
    "joint_vote": Look("joint, vote", YELLOW, "P", LONG),
    "joint_nearest": Look("joint, nearest", SKY, "X", SHORT),
    "joint_random": Look("joint, random", PURPLE, "v", DASHDOTDOT),
    "joint_all": Look("joint, all", ORANGE, "p", DASHED),
    "scratch": Look("from scratch", VERMILLION, "^", DASHED),
    "scratch_again": Look("scratch again", ORANGE, "8", DOTTED),
    "scratch_from_start": Look("from scratch, against its own start", GREY, "<", DOTTED),
    "reconstruct": Look("tuned to reconstruct", ORANGE, "*", DASHDOT),
    "neighbour": Look("tuned from a nearby source", SKY, "H", UNEVEN),
    "reinitialised": Look("re-initialised", BLACK, "x", SPARSE),
}

KNOWLEDGE: dict[str, Look] = {
    "preserved": Look("preserved", "#777777", "s", SOLID),
    "discarded": Look("discarded", ORANGE, "v", DASHED, "////"),
    "new": Look("newly learned", "#8CC8EE", "o", DASHDOT, "...."),
}

RULES = {"uot": "UOT", "balanced_ot": "balanced OT", "partial_ot": "partial OT", "round_robin": "round-robin"}

_SPARE = (BLACK, YELLOW, ORANGE, SKY, PURPLE)
_SPARE_MARKERS, _SPARE_LINES = "<>d*8", (SOLID, DASHED, DASHDOT, DOTTED)
_CONCEPTS = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION, YELLOW, BLACK)


def looks(methods: Iterable[str]) -> dict[str, Look]:
    """A look for each method, known ones first; an unknown name is its own label and takes a spare look.

    >>> list(looks(["mine", "scratch", "finetune"]))
    ['finetune', 'scratch', 'mine']
    """
    present = list(dict.fromkeys(methods))
    own = sorted((name for name in present if name not in METHODS), key=_numbers_by_size)
    spare = cycle(product(_SPARE_LINES, zip(_SPARE, _SPARE_MARKERS, strict=True)))
    found = {name: look for name, look in METHODS.items() if name in present}
    for name, (line, (colour, marker)) in zip(own, spare, strict=False):
        found[name] = Look(_label(name), colour, marker, line)
    return found


def _numbers_by_size(name: str) -> list[tuple[float, str]]:
    """A key that sorts `k_5` before `k_10`."""
    parts = re.split(r"(\d+(?:\.\d+)?)", name)
    return [(float(part), "") if place % 2 else (0.0, part) for place, part in enumerate(parts)]


def _label(name: str) -> str:
    """A method's name as words; what it is joint with, or that its settings were chosen by trials, stands apart."""
    kind, _, rest = name.partition("_")
    if rest == "tuned":
        return f"{METHODS['finetune'].label if kind == 'finetune' else kind}, settings chosen"
    return f"joint, {RULES.get(rest, words(rest))}" if kind == "joint" and rest else words(name)


def rule_looks(rules: Iterable[str]) -> dict[str, Look]:
    """A look for each selection rule: that of joint fine-tuning with it, called by the rule alone."""
    styled = looks(f"joint_{rule}" for rule in rules)
    named = {name.removeprefix("joint_"): look for name, look in styled.items()}
    return {rule: replace(look, label=RULES.get(rule, words(rule))) for rule, look in named.items()}


def concept_colours(concepts: Iterable[str]) -> dict[str, str]:
    """A colour for each concept, in the order given; beyond eight concepts the rest share one grey."""
    names = list(dict.fromkeys(concepts))
    return {name: _CONCEPTS[index] if index < len(_CONCEPTS) else PALE for index, name in enumerate(names)}


def words(name: str) -> str:
    """A name of the config as words."""
    return str(name).replace("_", " ")
