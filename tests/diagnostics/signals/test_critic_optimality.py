"""Copies that train on: of a critic at its optimum, of one that is behind, and of delicate ones."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from steadygan.diagnostics.signals import critic_optimality
from steadygan.errors import UsageError
from tests.diagnostics.signals.known import Linear, assert_no_trace, samples


def w_loss(critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    return critic(fake).mean() - critic(real).mean()


def bowl_loss(critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """-(E D(x) - E D(g)) + |w|^2 / 2: the optimum of a linear critic is w = E x - E g."""
    return w_loss(critic, real, fake) + 0.5 * critic.weight.square().sum()


def sgd(parameters, rate: float = 0.1):
    return torch.optim.SGD(parameters, rate)


REAL, FAKE = samples(20, 3) + 1, samples(20, 3, seed=1)
OPTIMUM = REAL.mean(0) - FAKE.mean(0)


def test_a_critic_at_its_optimum_stays_there() -> None:
    found = critic_optimality(Linear(OPTIMUM), bowl_loss, sgd, [(REAL, FAKE)] * 5, (REAL, FAKE))
    assert found.rise == pytest.approx(0, abs=1e-12)
    assert found.before == pytest.approx(float(OPTIMUM @ OPTIMUM))
    assert found.steps == 5


def test_a_critic_that_is_behind_rises_by_what_its_steps_bring() -> None:
    found = critic_optimality(Linear(0 * OPTIMUM), bowl_loss, sgd, [(REAL, FAKE)] * 3, (REAL, FAKE))
    assert found.before == 0
    assert found.after == pytest.approx((1 - 0.9**3) * float(OPTIMUM @ OPTIMUM))  # gradient descent on a parabola
    assert found.relative_rise == 1.0


def test_a_clipped_copy_is_clipped_and_another_estimate_is_taken() -> None:
    def clip(critic: nn.Module) -> None:
        for parameter in critic.parameters():
            parameter.data.clamp_(-0.01, 0.01)

    critic = Linear(torch.zeros(3).double())
    found = critic_optimality(critic, w_loss, sgd, [(REAL, FAKE)] * 2, (REAL, FAKE), after_step=clip)
    assert found.after == pytest.approx(0.01 * float(OPTIMUM.abs().sum()))
    other = critic_optimality(
        critic, w_loss, sgd, [(REAL, FAKE)], (REAL, FAKE), estimate=lambda d, x, g: d.weight.abs().max()
    )
    assert other.after == pytest.approx(0.1 * float(OPTIMUM.abs().max()))


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_the_copy_trains_in_any_grad_mode(context: type) -> None:
    with context():
        assert critic_optimality(Linear(0 * OPTIMUM), bowl_loss, sgd, [(REAL, FAKE)], (REAL, FAKE)).rise > 0


def test_the_original_is_left_as_it_is_with_its_gradients_and_graphs() -> None:
    def noisy(critic: nn.Module, x: Tensor, g: Tensor) -> Tensor:
        return w_loss(critic, x + torch.randn_like(x), g)

    batches = [(samples(8, 6), samples(8, 6, seed=1))] * 2
    assert_no_trace(lambda critic: critic_optimality(critic, noisy, sgd, batches, batches[0]))


def test_it_needs_batches_and_a_loss() -> None:
    with pytest.raises(UsageError, match="no batches"):
        critic_optimality(Linear(OPTIMUM), w_loss, sgd, [], (REAL, FAKE))
    with pytest.raises(UsageError, match="requires grad"):
        critic_optimality(Linear(OPTIMUM).requires_grad_(False), w_loss, sgd, [(REAL, FAKE)], (REAL, FAKE))
    with pytest.raises(UsageError, match="scalar"):
        critic_optimality(Linear(OPTIMUM), lambda d, x, g: d(x), sgd, [(REAL, FAKE)], (REAL, FAKE))
