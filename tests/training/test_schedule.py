import pytest
import torch

from whypretrain.config.recipe import Recipe
from whypretrain.training.schedule import checkpoint_steps, learning_rate_factor


def _of_torch(make, steps):
    """Learning rates that a scheduler of torch gives with a peak of 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def _ours(recipe):
    return [learning_rate_factor(recipe, step) for step in range(recipe.steps)]


@pytest.mark.parametrize(("steps", "warmup"), [(100, 0.3), (37, 0.1), (20, 0.15), (150, 1 / 3)])
def test_one_cycle_is_that_of_torch(steps, warmup):
    torchs = _of_torch(
        lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 1.0, total_steps=steps, pct_start=warmup, cycle_momentum=False
        ),
        steps - 1,
    )
    recipe = Recipe(schedule="one_cycle", steps=steps, warmup=warmup)
    assert _ours(recipe)[:-1] == pytest.approx(torchs, rel=1e-9)
    assert _ours(recipe)[-1] == pytest.approx(4e-6)


def test_cosine_without_warmup_is_that_of_torch():
    torchs = _of_torch(lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 50), 50)
    assert _ours(Recipe(schedule="cosine", steps=50, warmup=0.0)) == pytest.approx(torchs, rel=1e-9)


@pytest.mark.parametrize("steps", [100, 2300, 7])
def test_step_decays_at_the_milestones(steps):
    milestones = [round(0.6 * steps), round(0.8 * steps)]
    torchs = _of_torch(lambda optimizer: torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones, 0.1), steps)
    assert _ours(Recipe(schedule="step", steps=steps, warmup=0.0)) == pytest.approx(torchs, rel=1e-9)


@pytest.mark.parametrize("schedule", ["cosine", "step"])
def test_linear_warmup_reaches_the_peak_once_it_is_over(schedule):
    factors = _ours(Recipe(schedule=schedule, steps=20, warmup=0.2))
    assert factors[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine", "step"])
@pytest.mark.parametrize("warmup", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 9])
def test_short_runs_keep_within_the_peak(schedule, warmup, steps):
    factors = _ours(Recipe(schedule=schedule, steps=steps, warmup=warmup))
    assert all(0 < factor <= 1 for factor in factors)


@pytest.mark.parametrize(
    ("steps", "number", "expected"),
    [
        (100, 0, []),
        (100, 1, [100]),
        (100, 2, [0, 100]),
        (100, 4, [0, 1, 10, 100]),
        (150, 6, [0, 2, 5, 15, 47, 150]),
        (39_000, 6, [0, 390, 1233, 3900, 12333, 39_000]),
        (3, 9, [0, 1, 2, 3]),
        (1, 5, [0, 1]),
    ],
)
def test_checkpoint_steps(steps, number, expected):
    assert checkpoint_steps(steps, number) == expected


def test_linear_checkpoints_may_be_the_epochs():
    assert checkpoint_steps(39_000, 101, "linear") == list(range(0, 39_001, 390))


@pytest.mark.parametrize("number", [*range(2, 15), 149, 150, 151, 200])
@pytest.mark.parametrize("spacing", ["geometric", "linear"])
def test_checkpoints_are_distinct_and_as_many_as_asked(number, spacing):
    found = checkpoint_steps(150, number, spacing)
    assert len(found) == min(number, 151)
    assert found == sorted(set(found))
    assert (found[0], found[-1]) == (0, 150)
