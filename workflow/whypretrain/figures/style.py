"""Fonts, sizes and looks: each kind of method, kind of knowledge and concept looks the same in every figure.

Colours are those of Okabe and Ito, which stay apart for colour-blind readers; markers, dashes and hatches
carry the same distinction where there is no colour at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import cycle, product
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from whypretrain.figures.settings import Settings

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

    @property
    def edge(self) -> dict[str, Any]:
        """Edges of its markers: a thin white one, or the stroke itself of markers that are nothing but strokes."""
        filled = self.marker in Line2D.filled_markers
        return {"markeredgecolor": "white" if filled else self.colour, "markeredgewidth": 0.3 if filled else 1.0}

    def handle(self, *, line: bool = True) -> Line2D:
        """The series' entry in a legend."""
        style: Any = self.line if line else "none"
        return Line2D([], [], color=self.colour, marker=self.marker, linestyle=style, label=self.label)

    def patch(self) -> Patch:
        """The entry of a filled series."""
        return Patch(facecolor=self.colour, edgecolor="white", hatch=self.hatch, linewidth=0, label=self.label)


METHODS: dict[str, Look] = {  # by the parts of the cast, which has their labels
    "pretrained": Look("", GREY, "s", DOTTED),
    "probe": Look("", GREY, "s", DOTTED),
    "probe_paper": Look("", BLACK, "d", UNEVEN),
    "finetune": Look("", BLUE, "o", SOLID),
    "finetune_again": Look("", SKY, ">", DASHED),
    "finetune_long": Look("", SKY, "h", DASHDOT),
    "joint_uot": Look("", GREEN, "D", DASHDOT),
    "joint_vote": Look("", YELLOW, "P", LONG),
    "joint_nearest": Look("", SKY, "X", SHORT),
    "joint_random": Look("", PURPLE, "v", DASHDOTDOT),
    "joint_all": Look("", ORANGE, "p", DASHED),
    "scratch": Look("", VERMILLION, "^", DASHED),
    "scratch_again": Look("", ORANGE, "8", DOTTED),
    "scratch_from_start": Look("", GREY, "<", DOTTED),
    "reconstruct": Look("", ORANGE, "*", DASHDOT),
    "neighbour": Look("", SKY, "H", UNEVEN),
    "sham": Look("", GREY, "+", SOLID),
    "reinitialised_probe": Look("", ORANGE, "1", SPARSE),
    "reinitialised": Look("", BLACK, "x", SPARSE),
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


def looks(names: Iterable[str], settings: Settings) -> dict[str, Look]:
    """A look for each method, those with a part of the papers' first; the others take spare looks in the grid's order.

    >>> list(looks(["mine", "scratch", "finetune"], Settings()))
    ['finetune', 'scratch', 'mine']
    """
    present = list(dict.fromkeys(names))
    members = {name: settings.cast[name] for name in [*(each.name for each in settings.cast.methods), *present]}
    own = [name for name, member in members.items() if member.part not in METHODS]
    styled = dict(zip(own, _spare_looks(), strict=False))
    known = {name: METHODS[str(member.part)] for name, member in members.items() if name not in styled}
    order = [*sorted(known, key=lambda name: [*METHODS].index(str(members[name].part))), *own]
    return {name: replace((known | styled)[name], label=members[name].label) for name in order if name in present}


def series_looks(names: Iterable[str]) -> dict[str, Look]:
    """A look for each of a series that are no methods, in the order given."""
    present = dict.fromkeys(names)
    return {name: replace(look, label=words(name)) for name, look in zip(present, _spare_looks(), strict=False)}


def rule_looks(rules: Iterable[str]) -> dict[str, Look]:
    """A look for each selection rule: that of joint fine-tuning with it, called by the rule alone."""
    present = list(dict.fromkeys(rules))
    styled = {rule: METHODS[f"joint_{rule}"] for rule in present if f"joint_{rule}" in METHODS}
    spare = series_looks(sorted(rule for rule in present if rule not in styled))
    return {rule: replace(look, label=rule_label(rule)) for rule, look in (styled | spare).items()}


def rule_label(rule: str) -> str:
    """What a selection rule is called."""
    base = rule.removesuffix("_centred")
    return RULES.get(base, words(base)) + (", centred" if base != rule else "")


def _spare_looks() -> Iterator[Look]:
    """Looks of what has none of its own, without end."""
    marks = product(_SPARE_LINES, zip(_SPARE, _SPARE_MARKERS, strict=True))
    return (Look("", colour, marker, line) for line, (colour, marker) in cycle(marks))


def concept_colours(concepts: Iterable[str]) -> dict[str, str]:
    """A colour for each concept, in the order given; beyond eight concepts the rest share one grey."""
    names = list(dict.fromkeys(concepts))
    return {name: _CONCEPTS[index] if index < len(_CONCEPTS) else PALE for index, name in enumerate(names)}


def words(name: str) -> str:
    """A name of the config as words."""
    return str(name).replace("_", " ")
