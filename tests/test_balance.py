"""The rule that balances steps by losses, by hand."""

from __future__ import annotations

import math

import pytest

from steadygan.balance import LossRatio, Steps, StepsByLoss
from steadygan.errors import UsageError
from steadygan.recipe import Recipe
from steadygan.recipes import RECIPES
from steadygan.types import SampleSpec

RULE = LossRatio(low=0.5, high=4.0, extra=2)


@pytest.mark.parametrize(
    ("critic_loss", "generator_loss", "expected"),
    [
        (1.386, 0.693, (3, 1)),  # two equal players under NonSaturating
        (0.1, 5.0, (3, 3)),  # the critic tells all fakes apart: the generator steps more
        (4.1, 1.0, (5, 1)),
        (4.0, 1.0, (3, 1)),  # the bounds themselves are in balance
        (0.5, 1.0, (3, 1)),
        (0.0, 0.0, (3, 1)),  # before the first round
        (-5.0, 1.0, (3, 1)),  # losses that may be negative have no ratio
        (1.0, -0.1, (3, 1)),
        (math.nan, 1.0, (3, 1)),
    ],
)
def test_steps_follow_the_last_losses(critic_loss: float, generator_loss: float, expected: tuple[int, int]) -> None:
    assert RULE.steps(Steps(3, 1), critic_loss, generator_loss) == expected


def test_it_is_off_in_every_recipe() -> None:
    assert Recipe().balance is None
    assert all(make(SampleSpec((3, 32, 32), 10)).balance is None for make in RECIPES.values())


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"low": 0.0}, "low is 0.0"),
        ({"low": 2.0, "high": 1.0}, r"high is 1\.0; allowed: numbers above 2, .*LossRatio\.low is 2\.0"),
        ({"extra": 0}, "extra is 0"),
    ],
)
def test_numbers_out_of_range_are_refused(fields: dict[str, float], part: str) -> None:
    with pytest.raises(UsageError, match=part):
        LossRatio(**fields)  # type: ignore[arg-type]


def test_generator_steps_are_whole_numbers_from_1() -> None:
    assert Recipe(generator_steps=2).counts(0) == (1, 2)
    for steps in (0, -1, 1.5):
        with pytest.raises(UsageError, match="generator_steps is"):
            Recipe(generator_steps=steps)  # type: ignore[arg-type]


def test_a_low_loss_of_the_critic_gives_the_generator_more_steps() -> None:
    rule = StepsByLoss(above=(0.5, 0.2), steps_there=(1, 2, 5))
    assert [rule.steps(Steps(3, 9), loss) for loss in (0.6, 0.5, 0.21, 0.2, -1.0)] == [
        (3, 1),
        (3, 2),
        (3, 2),
        (3, 5),
        (3, 5),
    ]


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"above": (0.3, 0.5, 0.6)}, "falling bounds"),
        ({"above": (0.5, 0.5, 0.2)}, "falling bounds"),
        ({"above": (0.5,)}, "allowed: 2 numbers of steps"),
        ({"steps_there": (1, 0, 1, 1)}, "steps_there is 0"),
        ({"above": (math.nan, 0.5, 0.2)}, "above is nan"),
    ],
)
def test_bounds_and_steps_out_of_range_are_refused(fields: dict[str, tuple[float, ...]], part: str) -> None:
    with pytest.raises(UsageError, match=part):
        StepsByLoss(**fields)  # type: ignore[arg-type]
