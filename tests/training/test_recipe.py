import pytest

from whypretrain.errors import InputError
from whypretrain.seeds import seed_of
from whypretrain.training import Augmentation, Recipe


def test_config_and_recipe_are_inverse():
    config = {"steps": 7, "schedule": "step", "milestones": [0.5], "augmentation": {"rotation": 5}}
    recipe = Recipe.from_config(config)
    assert recipe == Recipe(
        steps=7, schedule="step", milestones=(0.5,), augmentation=Augmentation(rotation=5.0)
    )
    assert Recipe.from_config(recipe.as_config()) == recipe


def test_another_draw_has_a_seed_of_its_own_and_the_first_that_of_the_name():
    seeds = [Recipe(draw=draw).seed(0, "train", "digits", 1) for draw in range(3)]
    assert len(set(seeds)) == 3
    assert seeds[0] == seed_of(0, "train", "digits", 1)


@pytest.mark.parametrize(
    ("config", "culprit"),
    [
        ({"step": 3}, r"train\.x: unknown key 'step'"),
        ({"augmentation": {"rotate": 3}}, r"train\.x\.augmentation: unknown key 'rotate'"),
        ({"augmentation": 3}, r"train\.x\.augmentation: 3"),
        ({"steps": 0}, r"train\.x\.steps: 0 must be between 1"),
        ({"steps": 1.5}, r"train\.x\.steps: 1\.5 must be of type int"),
        ({"steps": True}, r"train\.x\.steps: True must be"),
        ({"source_classes": 0}, r"train\.x\.source_classes: 0 must be between 1"),
        ({"source_classes": True}, r"train\.x\.source_classes: True must be"),
        ({"learning_rate": "fast"}, r"train\.x\.learning_rate: 'fast' must be of type float"),
        ({"learning_rate": float("nan")}, r"train\.x\.learning_rate: nan"),
        (
            {"start": "frozen"},
            r"train\.x\.start: 'frozen' must be one of pretrained, random, or TARGET/METHOD",
        ),
        ({"checkpoint_spacing": "even"}, r"train\.x\.checkpoint_spacing: 'even' must be one of geometric"),
        ({"milestones": [0.5, 2]}, r"train\.x\.milestones: \[0\.5, 2\.0\]"),
        ({"milestones": 0.5}, r"train\.x\.milestones: 0\.5 must be of type"),
        ({"augmentation": {"area": 0.0}}, r"train\.x\.augmentation\.area: 0\.0"),
    ],
)
def test_bad_config_is_named(config, culprit):
    with pytest.raises(InputError, match=culprit):
        Recipe.from_config(config, "train.x")
