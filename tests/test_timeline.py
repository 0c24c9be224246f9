"""Where schedules are in the rounds of a run that was planned anew: against the map written in fractions."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygan.errors import UsageError
from steadygan.recipe import Recipe, dumps, fitted, loads
from steadygan.schedules import Constant, CriticWarmUp
from steadygan.timeline import Replan, pace, position, up_to

TWICE = (Replan(300, 1_000, 650), Replan(400, 650, 1_400))


@pytest.mark.parametrize(
    ("round_", "where"),
    [
        (0, 0),
        (299, 299),
        (300, 300),
        (301, 302),  # 700 left in 350 rounds: two a round
        (400, 500),
        (402, 501),  # 500 left in 1,000 rounds: one in two
        (1_400, 1_000),
    ],
)
def test_schedules_go_on_without_a_jump_and_end_with_the_run(round_, where):
    assert position(TWICE, round_) == where


def test_without_a_replan_the_position_is_the_round():
    assert [position((), round_) for round_ in (0, 5, 10**9)] == [0, 5, 10**9]
    assert Recipe().position(77) == 77


@st.composite
def replans(draw):
    """A chain of re-plans."""
    end = draw(st.integers(2, 5_000))
    made, last = [], -1
    for _ in range(draw(st.integers(1, 4))):
        if last + 2 >= end:
            break
        at = draw(st.integers(last + 1, end - 1))
        if at == 0:
            at = 1
        if at >= end or at <= last:
            break
        new = draw(st.integers(at + 1, 10_000))
        made.append(Replan(at, end, new))
        last, end = at, new
    return tuple(made)


@given(replans())
def test_the_map_is_that_of_fractions_to_below_a_round_each(chain):
    if not chain:
        return
    planned, at, since, end = chain[0].before, Fraction(0), 0, chain[0].before
    for number, replan in enumerate(chain, 1):
        at += Fraction(planned - at) * (replan.round - since) / (end - since)
        since, end = replan.round, replan.rounds
        assert abs(position(chain, replan.round) - at) <= number
    assert position(chain, chain[-1].rounds) == planned
    points = [position(chain, round_) for round_ in range(0, chain[-1].rounds + 1, 7)]
    assert points == sorted(points)


@given(replans())
def test_the_pace_is_the_slope_of_the_map_and_sums_up_to_the_first_plan(chain):
    if not chain:
        return
    end = chain[-1].rounds
    slopes = [pace(chain, round_) for round_ in range(end)]
    assert slopes[: chain[0].round] == [1.0] * chain[0].round
    assert abs(sum(slopes) - chain[0].before) <= len(chain)  # positions are whole rounds
    for round_ in range(0, end, 7):
        assert abs(position(chain, round_ + 1) - position(chain, round_) - slopes[round_]) <= 1


def test_the_pace_of_half_and_of_twice_the_length():
    assert [pace(TWICE, r) for r in (0, 299, 300, 399, 400, 1_399)] == [1, 1, 2, 2, 0.5, 0.5]
    assert Recipe(rounds=1_400, replans=TWICE).pace(300) == 2
    assert Recipe().pace(10) == 1


def test_a_later_replan_changes_nothing_before_it():
    assert [position(TWICE, r) for r in range(401)] == [position(TWICE[:1], r) for r in range(401)]
    assert up_to(TWICE, 399) == TWICE[:1]
    assert up_to(TWICE, 400) == TWICE


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Replan(1_000, 1_000, 2_000),
        lambda: Replan(10, 1_000, 10),
        lambda: Recipe(replans=(TWICE[1], TWICE[0])),
        lambda: Recipe(replans=(TWICE[0], dataclasses.replace(TWICE[1], before=649))),
        lambda: Recipe(replans=(TWICE[0], TWICE[0])),
    ],
)
def test_replans_that_do_not_follow_each_other_are_refused(wrong):
    with pytest.raises(UsageError):
        wrong()


def test_a_recipe_keeps_its_replans_in_yaml_and_says_nothing_without_any():
    recipe = Recipe(rounds=1_400, replans=TWICE)
    assert loads(dumps(recipe)) == recipe
    assert "replans" not in dumps(Recipe())


def test_another_length_is_that_of_the_first_plan():
    moved = Recipe(rounds=1_400, replans=TWICE)
    assert fitted(moved, 500) == fitted(Recipe(rounds=1_000), 500)


def test_critic_steps_follow_and_later_warm_ups_stay_at_the_runs_own_rounds():
    recipe = Recipe(rounds=1_400, replans=TWICE, critic_steps=CriticWarmUp(5, 100, warm_rounds=400, every=500))
    assert [recipe.steps(r) for r in (299, 349, 350, 351)] == [100, 100, 5, 5]  # position 400 is round 350
    assert [recipe.steps(r) for r in (499, 500, 501, 1_000)] == [5, 100, 5, 100]
    assert Recipe(critic_steps=Constant(3)).steps(4) == 3
