"""Schedules at rounds where their values are known, and the laws that hold for all settings."""

from __future__ import annotations

import dataclasses
import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygan.errors import UsageError
from steadygan.networks import BEGANCritic
from steadygan.optimizers import SGD, Adam
from steadygan.perturbations import Augment, DiffAugment, InstanceNoise
from steadygan.recipes import RECIPES
from steadygan.schedules import Constant, Cosine, CriticWarmUp, LinearDecay, Schedule, check_schedule, value_at

numbers = st.floats(-1e3, 1e3)
lengths = st.integers(1, 10_000)
rounds = st.integers(0, 20_000)


@given(value=numbers, round_=rounds)
def test_a_constant_is_the_same_in_every_round(value: float, round_: int) -> None:
    assert Constant(value)(round_) == value


@pytest.mark.parametrize(
    ("round_", "factor"), [(0, 1.0), (1, 0.99999), (50_000, 0.5), (99_999, 1e-5), (100_000, 0.0), (150_000, 0.0)]
)
def test_linear_decay_is_that_of_the_wgan_gp_resnet(round_: int, factor: float) -> None:
    assert LinearDecay()(round_) == pytest.approx(factor, abs=1e-12)
    assert LinearDecay()(round_) == pytest.approx(max(0.0, 1.0 - round_ / 100_000), abs=1e-12)


@given(length=lengths, start=numbers, end=numbers, round_=rounds)
def test_linear_decay_is_a_straight_line_between_its_ends(length: int, start: float, end: float, round_: int) -> None:
    got = LinearDecay(length, start, end)(round_)
    share = min(round_, length) / length
    assert got == pytest.approx((1 - share) * start + share * end, abs=1e-9)


@pytest.mark.parametrize(
    ("round_", "share"), [(0, 0.0), (250, 0.25), (500, 0.5), (750, 0.75), (1000, 1.0), (4000, 1.0)]
)
def test_cosine_follows_half_a_cosine(round_: int, share: float) -> None:
    expected = 5e-5 + (2e-4 - 5e-5) * (math.cos(math.pi * share) + 1) / 2
    assert Cosine(1000, start=2e-4, end=5e-5)(round_) == pytest.approx(expected, rel=1e-12)


def test_cosine_is_flat_at_its_ends_and_half_way_in_the_middle() -> None:
    cosine = Cosine(1_000_000, start=1.0, end=0.0)
    assert 1.0 - cosine(1000) < 1e-5 and cosine(999_000) < 1e-5
    assert cosine(500_000) == pytest.approx(0.5)
    assert cosine(250_000) == pytest.approx(0.5 + math.sqrt(0.5) / 2)


@pytest.mark.parametrize("kind", [LinearDecay, Cosine])
@given(length=lengths, start=numbers, end=numbers, first=rounds, second=rounds)
def test_a_decay_is_monotone_from_its_start_to_its_end(
    kind: type, length: int, start: float, end: float, first: int, second: int
) -> None:
    schedule = kind(length, start, end)
    assert schedule(0) == pytest.approx(start, abs=1e-9)
    assert schedule(length) == pytest.approx(end, abs=1e-9) and schedule(length + 1) == schedule(length)
    early, late = schedule(min(first, second)), schedule(max(first, second))
    assert (late - early) * (end - start) >= -1e-6
    assert min(start, end) - 1e-9 <= early <= max(start, end) + 1e-9


def official_wgan_critic_steps(generator_iterations: int) -> int:
    """The rule of the WGAN authors' main.py."""
    if generator_iterations < 25 or generator_iterations % 500 == 0:
        return 100
    return 5


def test_critic_warm_up_is_that_of_the_official_wgan_code() -> None:
    schedule = CriticWarmUp()
    assert [schedule(r) for r in range(2001)] == [official_wgan_critic_steps(r) for r in range(2001)]
    assert [schedule(r) for r in (0, 24, 25, 499, 500, 501, 1000)] == [100, 100, 5, 5, 100, 5, 100]
    assert sum(schedule(r) for r in range(1000)) == 26 * 100 + 974 * 5


def test_critic_warm_up_without_repeats_warms_up_once() -> None:
    schedule = CriticWarmUp(steps=2, warm_steps=7, warm_rounds=3, every=0)
    assert [schedule(r) for r in (0, 1, 2, 3, 500)] == [7, 7, 7, 2, 2]


@pytest.mark.parametrize("rounds", [1, 5, 14, 76, 200, 999, 3_000, 20_000, 200_000])
def test_a_warm_up_within_a_short_run_takes_a_quarter_of_the_ordinary_steps_at_most(rounds: int) -> None:
    whole = CriticWarmUp()
    short = whole.within(rounds)
    extra = sum(short(r) - short.steps for r in range(rounds))
    assert extra <= rounds * whole.steps / 4
    assert (short.steps, short.every) == (whole.steps, whole.every)
    assert short(0) == whole.warm_steps or short.warm_rounds == 1  # rounds go first, then steps
    assert rounds < 20_000 or short == whole


def test_a_warm_up_that_fits_or_that_is_none_stays() -> None:
    for schedule in (CriticWarmUp(5, 100, 3, 0), CriticWarmUp(5, 2, 25, 500), CriticWarmUp(5, 100, 0, 0)):
        assert schedule.within(2_000) == schedule
    assert CriticWarmUp(1, 3, 25, 0).within(80) == CriticWarmUp(1, 3, 10, 0)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Constant(float("nan")), "Constant.value"),
        (lambda: Constant(float("inf")), "Constant.value"),
        (lambda: LinearDecay(0), "LinearDecay.rounds"),
        (lambda: LinearDecay(-5), "LinearDecay.rounds"),
        (lambda: LinearDecay(5, start=float("nan")), "LinearDecay.start"),
        (lambda: LinearDecay(5, end=float("inf")), "LinearDecay.end"),
        (lambda: Cosine(0), "Cosine.rounds"),
        (lambda: Cosine(5, start=float("nan")), "Cosine.start"),
        (lambda: Cosine(5, end=float("-inf")), "Cosine.end"),
        (lambda: CriticWarmUp(steps=0), "CriticWarmUp.steps"),
        (lambda: CriticWarmUp(warm_steps=0), "CriticWarmUp.warm_steps"),
        (lambda: CriticWarmUp(warm_rounds=-1), "CriticWarmUp.warm_rounds"),
        (lambda: CriticWarmUp(every=-1), "CriticWarmUp.every"),
    ],
)
def test_fields_of_schedules_out_of_range_are_refused_by_name(make, field: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError, match=field) as error:
        make()
    assert "\n" not in str(error.value)


def test_every_schedule_is_one_that_recipes_can_name() -> None:
    assert set(get_args(Schedule)) == {Constant, LinearDecay, Cosine, CriticWarmUp}


@given(value=numbers, round_=rounds)
def test_a_number_has_one_value_and_a_schedule_its_own(value: float, round_: int) -> None:
    assert value_at(value, round_) == value
    assert value_at(LinearDecay(100, value, 0.0), round_) == LinearDecay(100, value, 0.0)(round_)


@pytest.mark.parametrize(
    ("schedule", "line"),
    [
        (Constant(-1.0), "weight at its start is -1.0; allowed: numbers from 0 to 2"),
        (Cosine(10, 0.0, 3.0), "weight at its end is 3.0; allowed: numbers from 0 to 2"),
    ],
)
def test_a_schedule_that_leaves_its_range_is_refused_by_name(schedule: Schedule, line: str) -> None:
    with pytest.raises(UsageError, match=f"^{line}$"):
        check_schedule("weight", schedule, 2.0)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda value: dataclasses.replace(RECIPES["wgan-gp"](), critic_steps=value), "critic_steps"),
        (lambda value: Adam(lr_factor=value), "lr_factor"),
        (lambda value: Adam(beta2=value), "beta2"),
        (lambda value: SGD(lr_factor=value), "lr_factor"),
        (lambda value: InstanceNoise(value), "deviation"),
        (lambda value: DiffAugment(probability=value), "probability"),
        (lambda value: Augment(probability=value), "probability"),
        (lambda value: BEGANCritic(carry=value), "carry"),
    ],
)
def test_a_number_is_a_constant_schedule_and_anything_else_is_refused(make, name: str) -> None:  # type: ignore[no-untyped-def]
    number = 1 if name == "critic_steps" else 0.5
    assert getattr(make(number), name) == Constant(number) and make(number) == make(Constant(number))
    with pytest.raises(UsageError, match=rf"{name} is 'often'; allowed: a number, or a schedule"):
        make("often")


def test_a_schedule_of_ones_own_that_fails_is_one_line_with_its_round() -> None:
    class Few:
        def __call__(self, round_: int) -> float:
            return [1.0, 0.5][round_]

    with pytest.raises(UsageError, match=r"the schedule Few fails in round 1000000000000: IndexError: list index"):
        Adam(lr_factor=Few())
    recipe = dataclasses.replace(RECIPES["wgan-gp"](), critic_steps=Few())
    with pytest.raises(UsageError, match=r"the schedule Few fails in round 5: IndexError"):
        recipe.steps(5)


def test_a_schedule_of_ones_own_is_looked_at_between_its_ends() -> None:
    with pytest.raises(UsageError, match=r"weight in round 10 is -9; allowed: finite numbers from 0"):
        check_schedule("weight", lambda round_: 1 - round_ if round_ < 100 else 0)
