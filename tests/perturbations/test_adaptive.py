"""ADA's control, stepped by hand and against a critic whose certainty is a function of p."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from steadygan.errors import UsageError
from steadygan.perturbations import Adaptive, AdaptiveState, DiffAugment, InstanceNoise
from steadygan.schedules import Constant, LinearDecay
from steadygan.types import RandomSpec
from tests.perturbations.common import draw, normal, number

SURE, UNSURE = torch.full((10,), 3.0), torch.tensor([2.0, -1.0] * 5)  # mean signs 1 and 0


def at(probability: float) -> AdaptiveState:
    return AdaptiveState(number(probability), number(0.0), number(0.0))


def test_the_state_steps_as_by_hand():
    spec = Adaptive(target=0.6, images=200, every=2)  # a move is 2 x 10 / 200 = 0.1
    state = spec.initial_state()
    steps = [
        (SURE, (0.0, 1.0, 1.0)),
        (SURE, (0.1, 0.0, 0.0)),  # r = 1: up
        (SURE, (0.1, 1.0, 1.0)),
        (UNSURE, (0.0, 0.0, 0.0)),  # r = 1/2: down
        (UNSURE, (0.0, 0.0, 1.0)),
        (UNSURE, (0.0, 0.0, 0.0)),  # r = 0: down, and p is never negative
        (torch.tensor([1.0] * 8 + [-1.0] * 2), (0.0, 0.6, 1.0)),
        (SURE, (0.1, 0.0, 0.0)),  # r = 0.8
    ]
    for scores, expected in steps:
        state = spec.next_state(scores, state, batch=10)
        assert [value.item() for value in state] == pytest.approx(expected, abs=1e-6)
        assert all(value.shape == () and value.dtype == torch.float32 for value in state)


def test_only_the_signs_of_scores_count_and_zero_counts_as_neither():
    spec = Adaptive(every=100)
    for scores, expected in (([1e-6, 1e6, -1e6], 1 / 3), ([0.0, 5.0], 1 / 2)):
        assert spec.next_state(torch.tensor(scores), spec.initial_state(), 3)[1].item() == pytest.approx(expected)


def test_p_stays_when_the_critic_is_at_the_target():
    spec = Adaptive(target=0.5, every=1, images=100)
    scores = torch.tensor([1.0, 1.0, 1.0, -1.0])
    assert spec.next_state(scores, at(0.25), batch=4)[0].item() == 0.25


def test_a_confident_critic_takes_p_from_0_to_1_in_the_given_number_of_images_and_no_further():
    spec = Adaptive(images=4000, every=4)
    state = spec.initial_state()
    for step in range(1, 451):
        state = spec.next_state(SURE, state, batch=10)
        whole_moves = step // 4 * 4
        assert state[0].item() == pytest.approx(min(1.0, whole_moves * 10 / 4000), abs=1e-5)


@given(signs=st.lists(st.floats(-1, 1), min_size=1, max_size=40), initial=st.floats(0, 1))
def test_p_is_a_probability_whatever_the_scores(signs: list[float], initial: float) -> None:
    spec = Adaptive(initial=initial, images=20, every=2)
    state = spec.initial_state()
    for sign in signs:
        state = spec.next_state(torch.tensor([sign, sign / 2]), state, batch=2)
        assert 0.0 <= state[0].item() <= 1.0


def test_p_converges_where_the_critic_is_at_the_target():
    """Perturbed, this critic calls real a half of the real samples; unperturbed, all: r = 1 - p."""
    spec = Adaptive(target=0.6, images=20_000, every=4, initial=0.9)
    state = spec.initial_state()
    generator = torch.Generator().manual_seed(0)
    for _ in range(1500):
        perturbed = torch.rand(64, generator=generator) < state[0]
        scores = torch.where(perturbed, torch.randn(64, generator=generator), 1.0)
        state = spec.next_state(scores, state, batch=64)
    assert state[0].item() == pytest.approx(0.4, abs=0.06)


def test_next_state_takes_no_gradient_from_the_scores():
    scores = torch.randn(4, requires_grad=True)
    assert not any(value.requires_grad for value in Adaptive().next_state(scores, at(0.3), 4))


@pytest.mark.parametrize("probability", [0.1, 0.6])
def test_the_share_of_perturbed_samples_is_p(probability):
    spec, count = Adaptive(InstanceNoise(Constant(0.5))), 10_000
    samples = normal(count, 2)
    got = spec.apply(samples, draw(spec, count, (2,)), number(0.5), at(probability))
    assert (got != samples).any(1).double().mean() == pytest.approx(probability, abs=4 * (0.25 / count) ** 0.5)


def test_at_p_zero_samples_stay_as_they_are_and_at_p_one_all_pass_through_the_perturbation():
    images, spec = torch.randn(6, 3, 8, 8), Adaptive()
    drawn = draw(spec, 6, (3, 8, 8))
    assert torch.equal(spec.apply(images, drawn, number(1.0), spec.initial_state()), images)
    expected = DiffAugment().apply(images, drawn[1:], number(1.0))
    assert torch.equal(spec.apply(images, drawn, number(1.0), at(1.0)), expected)


def test_state_that_was_saved_as_a_plain_tuple_is_as_good():
    spec, samples = Adaptive(InstanceNoise()), normal(9, 2)
    drawn = draw(spec, 9, (2,))
    assert torch.equal(
        spec.apply(samples, drawn, number(0.3), tuple(at(0.5))), spec.apply(samples, drawn, number(0.3), at(0.5))
    )


def test_it_asks_for_one_number_a_sample_more_than_the_perturbation_and_has_its_strength():
    inner = InstanceNoise(LinearDecay(rounds=10, start=0.4))
    assert Adaptive(inner).random_specs((2,)) == (RandomSpec("uniform"), RandomSpec("normal", (2,)))
    assert [Adaptive(inner).strength(round_) for round_ in (0, 5, 10)] == [0.4, 0.2, 0.0]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"target": 1.0}, r"target is 1\.0; allowed: numbers above -1, below 1"),
        ({"images": 0}, "images is 0; allowed: whole numbers from 1"),
        ({"every": 0}, "every is 0; allowed: whole numbers from 1"),
        ({"initial": 1.2}, r"initial is 1\.2; allowed: numbers from 0 to 1"),
    ],
)
def test_wrong_values_are_refused_in_one_line_with_the_allowed_ones(fields, message):
    with pytest.raises(UsageError, match=f"Adaptive.{message}"):
        Adaptive(**fields)
