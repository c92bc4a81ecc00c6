"""Names of people's classes in figures: no mathematics, and fonts that have the characters."""

from __future__ import annotations

import io

import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure

from whypretrain.figures import drawing, lettering


def written(title, tmp_path, *, log=False):
    """A figure with the title as title and as a name on an axis, after it is saved."""
    import pandas as pd

    figure = Figure(figsize=(3, 2), layout="constrained")
    axis = figure.subplots()
    axis.plot([1, 1000], [0, 1])
    axis.set_title(title)
    axis.set_yticks([0, 1], [title, "other"])
    if log:
        axis.set_xscale("log")
    drawing.save(figure, pd.DataFrame({"x": [title]}), tmp_path / "figure")
    return axis


@pytest.mark.parametrize("name", ["$5 to $10", "100$", "$x_$", r"$\nonsense$", r"a\$b", "cash_$_$", "{$}"])
def test_dollar_signs_are_drawn_as_they_are(tmp_path, name):
    axis = written(name, tmp_path, log=True)
    for text in (axis.title, axis.yaxis.get_ticklabels()[0]):
        assert text.get_text() == name
        assert not text.get_parse_math()
    numbers = [label for label in axis.xaxis.get_ticklabels() if "mathdefault" in label.get_text()]
    assert numbers
    assert all(label.get_parse_math() for label in numbers), "powers of ten stay mathematics"


def test_characters_come_from_a_font_that_has_them(tmp_path, capsys):
    """A letter that DejaVu Sans lacks and another font of matplotlib's own has."""
    letter = "\u20d2"
    assert letter not in lettering._characters(font_manager.findfont("DejaVu Sans"))
    axis = written(f"a{letter}", tmp_path)
    [_, font] = axis.title.get_fontfamily()
    assert letter in lettering._characters(font_manager.findfont(font))
    assert capsys.readouterr().err == ""


def test_characters_that_no_font_has_are_named(tmp_path, capsys, monkeypatch):
    own = [font for font in font_manager.fontManager.ttflist if "mpl-data" in font.fname]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)
    axis = written("猫 cat 犬", tmp_path)
    assert axis.title.get_text() == "猫 cat 犬"
    error = capsys.readouterr().err
    assert error.startswith("no installed font has 犬 猫: boxes are drawn in their place; install one")
    assert error.count("\n") == 1


@pytest.mark.parametrize("bold", [False, True])
def test_lines_are_as_wide_as_they_are_said_to_be(bold):
    """What is drawn is never wider than what a line was measured by, and hardly narrower."""
    figure = Figure(figsize=(6, 1), dpi=200)
    said = "Fine-tuning keeps 28 to 36 % of the pre-trained knowledge; illicit WAVES"
    text = figure.text(0, 0, said, fontsize=8, weight="bold" if bold else "normal")
    figure.draw_without_rendering()
    drawn = text.get_window_extent().width / 200
    assert 0.94 < drawn / lettering.width_of(said, 8, bold=bold) <= 1


def test_text_is_cut_into_lines_that_fit_and_percent_signs_stay_with_their_number():
    lines = lettering.wrapped("a share of 95 % of all, and a_word_that_is_too_long_for_any_line", 0.6, 8)
    assert any("95 %" in line for line in lines)
    assert all(lettering.width_of(line, 8) <= 0.6 for line in lines if " " in line)


def test_a_figure_without_such_names_keeps_its_bytes():
    def made(lettered):
        figure = Figure(figsize=(3, 2))
        axis = figure.subplots()
        axis.set(title="plain, naïve – λ", xscale="log")
        if lettered:
            lettering.letter(figure)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        return buffer.getvalue()

    assert made(True) == made(False)
