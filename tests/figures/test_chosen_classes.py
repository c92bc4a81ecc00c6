"""Figures of chosen source classes: names, rankings on centred features, and many concepts."""

import pandas as pd
from matplotlib.text import Text

from whypretrain.figures import Settings, drawing


def texts(figure):
    return [text.get_text() for axis in figure.axes for text in axis.findobj(Text)]


def test_a_centred_ranking_is_compared_with_those_of_the_same_features(given):
    raw = given["select"]
    centred = raw[raw["rule"] != "random"]
    both = pd.concat([raw, centred.assign(rule=centred["rule"] + "_centred")])
    figure, _ = drawing.draw("selection", {"select": both}, Settings(rule="uot_centred"))
    said = " ".join(texts(figure))
    assert "nearest, centred" in said
    assert "vote, centred" in said
    assert "random" in said
    figure, _ = drawing.draw("selection", {"select": both}, Settings(rule="uot"))
    assert not [text for text in texts(figure) if "centred" in text]


def test_names_stand_below_the_classes_in_two_short_lines(given):
    named = given["select"].assign(class_name="European fire salamander of the Alps")
    figure, _ = drawing.draw("selection", {"select": named}, Settings())
    assert "European\nfire…" in texts(figure)


def test_of_many_concepts_those_chosen_most_are_drawn(given):
    select = given["select"]
    many = select.assign(concept="concept " + (select["class_index"] % 15).astype(str))
    figure, table = drawing.draw("concepts", {"select": many}, Settings())
    drawn = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(drawn) == 10
    most = table.groupby("concept")["estimate"].max()
    assert most[drawn].min() >= most.drop(drawn).max()
    assert table["concept"].nunique() == 15
