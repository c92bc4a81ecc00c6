"""Every figure, on complete and on reduced experiments: what it shows is what the tables say."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import SubFigure
from matplotlib.text import Text
from synthetic import shown

from whypretrain.config.parts import Role
from whypretrain.errors import InputError
from whypretrain.figures import FIGURES, Settings, canvas, drawing, published, tables
from whypretrain.figures.cast import Cast, Member
from whypretrain.figures.style import RC

QUICK = Settings(resamples=50)
METHODS = ("probe", "finetune", "scratch")


MAIN = [name for name, figure in FIGURES.items() if not figure.target]


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_fits_one_column(name, given_to):
    figure, table = drawing.draw(name, given_to(name), Settings(resamples=50, columns="one"))
    assert figure.get_size_inches()[0] == pytest.approx(3.4)
    panels = {"pretraining" if name.startswith("study_") else "architecture", "target"}
    assert panels <= set(table.columns)


@pytest.mark.parametrize("name", [name for name in MAIN if name not in ("flow", "inversions")])
def test_every_architecture_and_target_is_shown(name, given):
    table = shown(name, given)
    ours = table[table["architecture"] != published.ARCHITECTURE].dropna(subset="architecture")  # rows of all together
    pairs = set(zip(ours["architecture"], ours["target"], strict=True))
    assert pairs == {(a, t) for a in ("vit", "resnet") for t in ("digits", "letters")}


@pytest.mark.parametrize("columns", ["one", "two"])
@pytest.mark.parametrize("name", FIGURES)
def test_text_stays_on_the_page_and_off_other_text(name, columns, given_to):
    with mpl.rc_context(RC):
        figure, _ = drawing.draw(name, given_to(name), Settings(resamples=50, columns=columns))
        figure.set_dpi(RC["savefig.dpi"])
        canvas.settle(figure)
        figure.draw_without_rendering()
    drawn = [axis for axis in figure.axes if axis.axison]
    titles = [axis._left_title for axis in drawn if axis.get_title(loc="left")]
    titles += [text for part in figure.findobj(SubFigure) for text in part.texts]  # the page's title and note
    labels = [label for axis in drawn for label in (axis.xaxis.label, axis.yaxis.label) if label.get_text()]
    for text in [*titles, *labels, *(text for axis in drawn for text in axis.texts)]:
        box, page = text.get_window_extent(), figure.bbox
        assert page.x0 - 1 <= box.x0 <= box.x1 <= page.x1 + 1, text
        assert page.y0 - 1 <= box.y0 <= box.y1 <= page.y1 + 1, text
    for one, other in combinations(titles, 2):
        assert not one.get_window_extent().overlaps(other.get_window_extent()), (one, other)


OF_TEXT = [name for name in MAIN if not {"images", "pictures", "imported"} & set(FIGURES[name].when)]


@pytest.mark.parametrize("name", OF_TEXT)
def test_figures_of_text_do_not_speak_of_images(name, given):
    figure, _ = drawing.draw(name, given, Settings(resamples=50, sample="sentence"))
    said = [text.get_text() for text in figure.findobj(Text)]
    assert any(said)
    assert not [text for text in said if "image" in text or "patch" in text]


@pytest.mark.parametrize("name", ["accuracy", "agreement", "knowledge", "controls", "layers"])
def test_titles_say_what_the_tables_say(name, given):
    """A title changes with the numbers behind it."""
    table = "knowledge" if name == "controls" else FIGURES[name].tables[0]
    columns = {"accuracy": "accuracy", "agreement": "agreement", "layers": "forgetting"}
    column = columns.get(name, "preserved")
    given_changed = {**given, table: given[table].assign(**{column: given[table][column] / 3 - 0.1})}
    titles = [_title(drawing.draw(name, tables_, QUICK)[0]) for tables_ in (given, given_changed)]
    assert titles[0] != titles[1]


def _title(figure):
    return figure.subfigs[0].texts[0].get_text()


def test_models_with_a_change_of_known_effect_are_left_out(given):
    known = [
        Member("finetune", "fine-tuned", "finetune"),
        Member("probe", "probe", "probe"),
        Member("scratch", "s", "scratch"),
    ]
    kept = shown("layers", given, cast=Cast(methods=tuple(known)))
    known[2] = replace(known[2], known=True)
    left = shown("layers", given, cast=Cast(methods=tuple(known)))
    assert set(kept["model"]) - set(left["model"]) == {"scratch"}


def reduced(synthetic, folder, **grid):
    """The tables of a smaller experiment, made once for each grid."""
    key = repr(sorted(grid.items()))
    if key not in _MADE:
        _MADE[key] = synthetic(**grid).all(folder)
    return _MADE[key]


_MADE: dict[str, dict[str, object]] = {}


REDUCED = {
    "one seed": {"seeds": (0,)},
    "one architecture": {"architectures": ("vit",)},
    "own names": {
        "targets": ("my_own_target_with_a_long_name",),
        "architectures": ("swin_tiny_patch4",),
        "methods": ("probe", "finetune", "finetune_mine", "scratch"),
    },
}


@pytest.mark.parametrize("name", ["accuracy", "layers", "selection"])
def test_nine_panels_are_wrapped(name, synthetic, tmp_path):
    given = reduced(
        synthetic, tmp_path, targets=("a", "b", "c"), architectures=("x", "y", "z"), seeds=(0,), methods=METHODS
    )
    figure, table = drawing.draw(name, given, QUICK)
    assert figure.get_size_inches()[0] == pytest.approx(7.0)
    assert table.groupby("architecture")["target"].nunique()["x"] == 3


@pytest.mark.parametrize("case", REDUCED)
@pytest.mark.parametrize("name", MAIN)
def test_reduced_experiments_still_give_a_figure(case, name, synthetic, tmp_path):
    given = reduced(synthetic, tmp_path, **REDUCED[case])
    assert len(shown(name, given))


NO_SCRATCH = [name for name in MAIN if name not in ("scratch_ratio", "scratch_gap", "similarity")]


@pytest.mark.parametrize("name", NO_SCRATCH)
def test_without_scratch_the_other_methods_are_shown(name, synthetic, tmp_path):
    given = reduced(synthetic, tmp_path, methods=("probe", "finetune"), seeds=(0, 1))
    assert len(shown(name, given))


def test_scratch_ratio_without_scratch_names_table_and_method(synthetic):
    given = {"knowledge": synthetic(methods=("probe", "finetune")).knowledge(samples=3)}
    with pytest.raises(InputError, match=r"knowledge: .*scratch"):
        shown("scratch_ratio", given)


def test_a_missing_model_names_those_that_there_are(given):
    with pytest.raises(InputError, match=r"knowledge: no row with model 'distilled'.*finetune"):
        shown("knowledge", given, cast=Cast(roles={Role.FINETUNE: "distilled"}))


def test_a_missing_table_is_named():
    with pytest.raises(InputError, match="accuracy: needs the table runs"):
        drawing.draw("accuracy", {}, QUICK)


def test_an_unknown_figure_lists_the_figures():
    with pytest.raises(InputError, match="no such figure; there are selection"):
        drawing.draw("piechart", {}, QUICK)


@pytest.mark.parametrize(
    ("name", "table", "column", "of"),
    [
        ("accuracy", "runs", "accuracy", {}),
        ("knowledge", "knowledge", "preserved", {"kind": "preserved"}),
        ("similarity", "similarity", "similarity", {}),
        ("layers", "layers", "forgetting", {"metric": "forgetting"}),
        ("flow", "flow", "excess", {"kind": "excess"}),
        ("sparsity", "sparsity", "strength", {"shows": "strength"}),
        ("controls", "controls", "share", {"share": "share", "kind": "self"}),
    ],
)
def test_undefined_values_are_left_out_not_drawn_as_zero(name, table, column, of, given):
    holed = given[table].copy()
    holed.loc[holed["architecture"] == "vit", column] = np.nan
    found = tables.only(shown(name, {**given, table: holed}), **of)
    assert not np.isfinite(found[found["architecture"] == "vit"]["estimate"]).any()
    assert np.isfinite(found[found["architecture"] == "resnet"]["estimate"]).all()
