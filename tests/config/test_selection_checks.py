"""What is wrong with rankings and what they are for, named before anything runs."""

import pytest
from test_checks import DEFAULT, merged

from whypretrain.config import check
from whypretrain.errors import InputError

MISTAKES = {
    "figure of a ranking that is not made": (
        {"figures": {"rule": "uot_centred"}, "select": {"centre": True}},
        "figures.rule names 'uot_centred', which is not in select.rules; there are: balanced_ot",
    ),
    "ranked for a target": (
        {"grid": {"ranked_for": ["digits"]}},
        "grid.ranked_for names 'digits', which is the source or a target; leave it out",
    ),
    "ranked for nothing": (
        {"grid": {"ranked_for": ["photos"]}},
        "grid.ranked_for names 'photos', which is not in datasets",
    ),
    "layers of no method": (
        {"invariances": {"methods": ["finetuned"]}},
        "invariances.methods names 'finetuned', which is not in train.methods; did you mean 'finetune'?",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named_in_one_line(name):
    change, expected = MISTAKES[name]
    with pytest.raises(InputError) as error:
        check(merged(DEFAULT, change))
    assert expected in str(error.value)


def test_methods_and_figures_may_name_centred_rankings():
    change = {"select": {"centre": "both"}, "figures": {"rule": "uot_centred"}}
    change["train"] = {"methods": {"joint_uot": {"source": "vote_centred"}}}
    check(merged(DEFAULT, change))
