import re

import pytest

from whypretrain.errors import InputError
from whypretrain.runtime.seeds import seed_of
from whypretrain.training import Augmentation, Recipe


def test_config_and_recipe_are_inverse():
    config = {"steps": 7, "schedule": "step", "milestones": [0.5], "augmentation": {"rotation": 5}}
    recipe = Recipe.from_config(config)
    assert recipe == Recipe(steps=7, schedule="step", milestones=(0.5,), augmentation=Augmentation(rotation=5.0))
    assert Recipe.from_config(recipe.as_config()) == recipe


def test_another_draw_has_a_seed_of_its_own_and_the_first_that_of_the_name():
    seeds = [Recipe(draw=draw).seed(0, "train", "digits", 1) for draw in range(3)]
    assert len(set(seeds)) == 3
    assert seeds[0] == seed_of(0, "train", "digits", 1)


@pytest.mark.parametrize(
    ("config", "culprit"),
    [
        ({"step": 3}, "unknown key 'step' in train.x; did you mean 'steps'?"),
        ({"augmentation": {"rotate": 3}}, "unknown key 'rotate' in train.x.augmentation; did you mean 'rotation'?"),
        ({"augmentation": 3}, "train.x.augmentation must be a mapping, not 3"),
        ({"steps": 0}, "train.x.steps must be at least 1, not 0"),
        ({"steps": 1.5}, "train.x.steps must be a whole number, not 1.5"),
        ({"source_classes": True}, "train.x.source_classes must be a whole number, not True"),
        ({"learning_rate": "fast"}, "train.x.learning_rate must be a number, not 'fast'"),
        ({"learning_rate": float("nan")}, "train.x.learning_rate must be a finite number, not nan"),
        ({"start": "frozen"}, "train.x.start: 'frozen' does not match"),
        ({"optimizer": "adam"}, "train.x.optimizer: 'adam' is no optimizer; did you mean 'adamw'?"),
        ({"checkpoint_spacing": "even"}, "train.x.checkpoint_spacing must be one of 'geometric', 'linear', not 'even'"),
        ({"milestones": [0.5, 2]}, "train.x.milestones.1 must be below 1, not 2"),
        ({"milestones": 0.5}, "train.x.milestones must be a list, not 0.5"),
        ({"augmentation": {"area": 0.0}}, "train.x.augmentation.area must be at least 0.001, not 0.0"),
        ({"task": "reconstruction", "source": "uot"}, "train.x: task reconstruction takes no source; leave source out"),
    ],
)
def test_bad_config_is_named(config, culprit):
    with pytest.raises(InputError, match=re.escape(culprit)):
        Recipe.from_config(config, "train.x")
