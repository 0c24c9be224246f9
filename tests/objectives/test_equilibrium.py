"""BEGAN's balance, stepped by hand."""

from __future__ import annotations

import math

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.objectives import BoundaryEquilibrium
from steadygan.types import CriticOutput
from tests.objectives.outputs import pair


def outputs(real: list[float], fake: list[float]) -> tuple[CriticOutput, CriticOutput]:
    return CriticOutput(torch.tensor(real)), CriticOutput(torch.tensor(fake))


def test_three_steps_are_those_of_a_hand() -> None:
    objective = BoundaryEquilibrium(gamma=0.5, rate=0.25, horizon=4)
    state = objective.initial_state()
    assert state == (0.0, 0.0, 0.0)

    real, fake = outputs([2.0, 4.0], [0.25, 0.75])  # L(x) = 3, L(g) = 1/2: fakes are too easy, k rises
    assert objective.critic_loss(real, fake, state) == 3.0
    state = objective.next_state(real, fake, state)
    assert state == (0.25, 4.0, 4.0)  # 0 + 0.25 (1.5 - 0.5); 3 + |1.5 - 0.5|; the first M
    assert objective.critic_loss(real, fake, state) == 3.0 - 0.25 * 0.5

    real, fake = outputs([1.0, 1.0], [1.0, 2.0])  # L(x) = 1, L(g) = 3/2: k falls, to its bound
    state = objective.next_state(real, fake, state)
    assert state == (0.0, 2.0, 3.5)  # max(0, 0.25 + 0.25 (0.5 - 1.5)); 1 + |0.5 - 1.5|; 4 + (2 - 4) / 4

    state = objective.next_state(*outputs([100.0], [0.0]), state)
    assert state == (1.0, 150.0, 40.125)  # min(1, 12.5)


def test_a_thousand_steps_follow_the_recurrence() -> None:
    objective = BoundaryEquilibrium(gamma=0.7, rate=0.001)
    state, k = objective.initial_state(), 0.0
    state = type(state)(*(number.double() for number in state))
    for _ in range(1000):
        real, fake = pair(4, positive=True)
        x, g = real.score.mean().item(), fake.score.mean().item()
        assert objective.critic_loss(real, fake, state).item() == pytest.approx(x - k * g, rel=1e-12)
        assert objective.generator_loss(None, fake, state).item() == pytest.approx(g)
        state = objective.next_state(real, fake, state)
        k = min(1.0, max(0.0, k + 0.001 * (0.7 * x - g)))
        assert state[0].item() == pytest.approx(k, abs=1e-12)
        assert state[1].item() == pytest.approx(x + abs(0.7 * x - g), rel=1e-12)


def test_k_stays_0_while_fakes_are_worse_than_their_share() -> None:
    objective = BoundaryEquilibrium(gamma=0.5, rate=0.1)
    state = objective.initial_state()
    for error in (0.6, 1.0, 50.0):
        state = objective.next_state(*outputs([1.0], [error]), state)
        assert state[0] == 0.0


def test_k_begins_at_its_least_and_never_goes_below() -> None:
    objective = BoundaryEquilibrium(gamma=0.5, rate=0.25, least=0.125)
    state = objective.initial_state()
    assert state[0] == 0.125
    real, fake = outputs([1.0], [2.0])
    assert objective.critic_loss(real, fake, state) == 1.0 - 0.125 * 2.0
    state = objective.next_state(real, fake, state)
    assert state[0] == 0.125  # not 0.125 - 0.375
    assert objective.next_state(*outputs([4.0], [0.0]), state)[0] == 0.625


def test_a_perfect_autoencoder_has_no_loss_and_has_converged() -> None:
    objective, (real, fake) = BoundaryEquilibrium(), outputs([0.0, 0.0], [0.0, 0.0])
    state = objective.initial_state()
    assert objective.critic_loss(real, fake, state) == 0.0
    assert objective.next_state(real, fake, state) == (0.0, 0.0, 0.0)


def test_the_state_is_named_as_it_is_logged_and_keeps_its_form() -> None:
    objective, (real, fake) = BoundaryEquilibrium(), outputs([1.0], [0.2])
    state = objective.initial_state()
    for _ in range(2):
        assert state._fields == ("k", "convergence", "convergence_mean")  # type: ignore[attr-defined]
        assert all(number.shape == () and number.dtype == torch.float32 for number in state)
        state = objective.next_state(real, fake, state)


def test_each_training_begins_with_a_state_of_its_own() -> None:
    first = BoundaryEquilibrium().initial_state()
    first[0].fill_(1.0)
    assert BoundaryEquilibrium().initial_state() == (0.0, 0.0, 0.0)


def test_no_gradient_flows_into_the_balance() -> None:
    objective, (real, fake) = BoundaryEquilibrium(), pair(grad=True)
    k = torch.tensor(0.5, dtype=torch.float64)
    objective.critic_loss(real, fake, (k, k)).backward()
    assert real.score.grad is not None and torch.allclose(real.score.grad, torch.full_like(real.score, 1 / 6))
    assert fake.score.grad is not None and torch.allclose(fake.score.grad, torch.full_like(fake.score, -0.5 / 6))


def test_it_declares_what_it_needs() -> None:
    objective = BoundaryEquilibrium()
    assert not objective.real_is_high and not objective.needs_real and not objective.mixes_samples


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"gamma": 0.0}, "gamma is 0"),
        ({"gamma": 1.5}, "gamma is 1.5"),
        ({"gamma": math.nan}, "gamma is nan"),
        ({"rate": -0.1}, "rate is -0.1"),
        ({"least": 1.5}, "least is 1.5"),
        ({"horizon": 0.5}, "horizon is 0.5"),
    ],
)
def test_numbers_out_of_range_are_refused(fields: dict[str, float], part: str) -> None:
    with pytest.raises(UsageError, match=part):
        BoundaryEquilibrium(**fields)
