"""Instance noise against the facts of a normal distribution."""

from __future__ import annotations

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.perturbations import InstanceNoise
from steadygan.schedules import Constant, LinearDecay
from tests.perturbations.common import draw, normal, number


@pytest.mark.parametrize("shape", [(2,), (3, 8, 8), (27, 32)], ids=["points", "images", "texts"])
def test_noise_has_mean_zero_and_the_asked_deviation_and_is_independent_of_the_samples(shape):
    count = 60_000 // torch.Size(shape).numel()
    samples, drawn = normal(count, *shape), draw(InstanceNoise(), count, shape, seed=3)
    added = (InstanceNoise().apply(samples, drawn, number(0.3)) - samples).flatten()
    error = 0.3 / len(added) ** 0.5
    assert abs(added.mean().item()) < 4 * error
    assert added.std().item() == pytest.approx(0.3, abs=4 * error / 2**0.5)
    assert abs((added * samples.flatten()).mean().item()) < 4 * error
    assert (added.abs() < 0.3).double().mean().item() == pytest.approx(0.6827, abs=0.01)


def test_no_deviation_is_no_change():
    samples = normal(5, 3, 4, 4)
    assert torch.equal(InstanceNoise().apply(samples, draw(InstanceNoise(), 5, (3, 4, 4)), number(0.0)), samples)


def test_the_gradient_is_that_of_the_unperturbed_sample():
    samples = normal(5, 2).requires_grad_(True)
    noisy = InstanceNoise().apply(samples, draw(InstanceNoise(), 5, (2,)), number(0.3))
    (gradient,) = torch.autograd.grad((2.0 * noisy).sum(), samples)
    assert torch.equal(gradient, torch.full_like(samples, 2.0))


def test_the_deviation_follows_its_schedule_to_none():
    spec = InstanceNoise(LinearDecay(rounds=1000, start=0.2))
    assert [spec.strength(round_) for round_ in (0, 500, 1000, 5000)] == [0.2, 0.1, 0.0, 0.0]


@pytest.mark.parametrize("schedule", [Constant(-0.1), LinearDecay(start=0.1, end=-0.1)])
def test_a_negative_deviation_is_refused(schedule):
    with pytest.raises(UsageError, match=r"InstanceNoise\.deviation at its (start|end) is -0\.1; allowed: finite"):
        InstanceNoise(schedule)
