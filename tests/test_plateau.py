"""Rates that fall with a number that no longer does, against a calculation by hand."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.plateau import Plateau
from steadygan.recipe import Recipe, stretched
from steadygan.schedules import LinearDecay


def looked(plateau: Plateau, numbers: list[float]) -> list[tuple[float, float, float]]:
    state, seen = plateau.initial_state(), []
    for number in numbers:
        state = plateau.next_state(torch.tensor(number), state)
        seen.append(tuple(held.item() for held in state))
    return seen  # type: ignore[return-value]


def test_evaluations_equal_a_calculation_by_hand() -> None:
    plateau = Plateau(patience=2, factor=0.5, least=0.25, floor=0.2)
    numbers = [8.0, 6.0, 4.0, 5.0, 3.5, 3.0, 3.0, 3.0, 3.0, 3.0, 1.0]
    assert looked(plateau, numbers) == [
        (8.0, 0.0, 1.0),  # the first number is the lowest
        (6.0, 0.0, 1.0),  # 6 + 6/4 < 8
        (4.0, 0.0, 1.0),
        (4.0, 1.0, 1.0),  # higher
        (4.0, 0.0, 0.5),  # lower by less than a quarter of itself: the second in a row
        (3.0, 0.0, 0.5),  # 3.75 < 4
        (3.0, 1.0, 0.5),
        (3.0, 0.0, 0.25),
        (3.0, 1.0, 0.25),
        (3.0, 0.0, pytest.approx(0.2)),  # held at the floor, not 0.125
        (1.0, 0.0, pytest.approx(0.2)),  # rates never rise again
    ]


def test_numbers_below_0_fall_too() -> None:
    seen = looked(Plateau(patience=1, least=0.1), [-1.0, -1.05, -2.0])
    assert [factor for *_, factor in seen] == [1.0, 0.5, 0.5] and seen[-1][0] == -2.0


def test_a_number_that_is_none_counts_as_no_progress() -> None:
    assert looked(Plateau(patience=1), [math.nan])[0] == (math.inf, 0.0, 0.5)


def test_it_is_due_after_every_so_many_rounds() -> None:
    assert [round_ for round_ in range(12) if Plateau(every=4).due_between(round_, round_ + 1)] == [3, 7, 11]


def test_a_run_of_another_length_has_as_many_evaluations() -> None:
    recipe = Recipe(rounds=1000, plateau=Plateau(every=100, patience=2))
    assert stretched(recipe, 5000).plateau == Plateau(every=500, patience=2)
    assert stretched(recipe, 3).plateau == Plateau(every=1, patience=2)
    other = dataclasses.replace(recipe, plateau=None)
    assert stretched(other, 500) == dataclasses.replace(other, rounds=500)
    assert LinearDecay(50) == stretched(Recipe(rounds=10, critic_steps=LinearDecay(5)), 100).critic_steps


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"every": 0}, "every is 0"),
        ({"patience": 0}, "patience is 0"),
        ({"factor": 0.0}, "factor is 0.0"),
        ({"factor": 1.5}, "factor is 1.5"),
        ({"floor": 0.0}, "floor is 0.0"),
        ({"least": -0.1}, "least is -0.1"),
        ({"least": math.nan}, "least is nan"),
    ],
)
def test_numbers_out_of_range_are_refused(fields: dict[str, float], part: str) -> None:
    with pytest.raises(UsageError, match=part):
        Plateau(**fields)  # type: ignore[arg-type]
