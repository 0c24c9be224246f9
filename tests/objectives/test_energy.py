"""EBGAN: the margin, its decay, and the pulling-away term against a double loop."""

from __future__ import annotations

import math

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.objectives import EnergyBased, energy_critic_loss, pulling_away_term
from steadygan.objectives.base import stepped
from steadygan.schedules import LinearDecay
from steadygan.types import CriticOutput
from tests.objectives.outputs import pair


def by_double_loop(code: torch.Tensor) -> float:
    rows = code.double().tolist()
    total = 0.0
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            if i != j:
                dot = sum(x * y for x, y in zip(a, b, strict=True))
                total += (dot / (math.hypot(*a) * math.hypot(*b))) ** 2
    return total / (len(rows) * (len(rows) - 1))


@pytest.mark.parametrize(("count", "width"), [(2, 1), (3, 7), (16, 4), (5, 200)])
def test_the_pulling_away_term_is_the_mean_squared_cosine_of_different_codes(count: int, width: int) -> None:
    code = torch.randn(count, width, dtype=torch.float64)
    assert pulling_away_term(code).item() == pytest.approx(by_double_loop(code), rel=1e-12)


def test_identical_codes_give_1_and_orthogonal_ones_0() -> None:
    assert pulling_away_term(torch.randn(1, 9).expand(6, 9)).item() == pytest.approx(1.0)
    assert pulling_away_term(torch.eye(6)[:4]).item() == 0.0
    one = torch.randn(1, 9, dtype=torch.float64)
    assert pulling_away_term(torch.cat([one, -one, 3 * one])).item() == pytest.approx(
        1.0, rel=1e-12
    )  # opposite is alike


def test_lengths_and_order_of_codes_do_not_matter() -> None:
    code = torch.randn(5, 3, dtype=torch.float64)
    lengths = torch.rand(5, 1, dtype=torch.float64) * 100
    changed = pulling_away_term((code * lengths).flip(0))
    assert changed.item() == pytest.approx(pulling_away_term(code).item(), rel=1e-12)


def test_the_pulling_away_term_is_differentiable_and_finite_at_a_code_of_zeros() -> None:
    code = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(pulling_away_term, (code,))
    dead = torch.cat([torch.zeros(1, 3), torch.randn(2, 3)]).requires_grad_(True)
    pulling_away_term(dead).backward()
    assert dead.grad is not None and torch.isfinite(dead.grad).all()


def test_codes_in_bfloat16_are_compared_in_float32() -> None:
    code = torch.randn(8, 16)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(pulling_away_term(code), pulling_away_term(code))
        inside = pulling_away_term(code)
    assert inside.dtype == torch.float32 and torch.equal(inside, pulling_away_term(code))


def test_one_code_is_no_batch() -> None:
    with pytest.raises(ValueError, match="2 or more, got 1"):
        pulling_away_term(torch.randn(1, 3))


def test_the_critic_pays_for_real_energy_and_for_fakes_below_the_margin() -> None:
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([0.5, 2.0, 7.0, 4.0])
    assert energy_critic_loss(real, fake, 4.0) == 2.0 + (3.5 + 2.0) / 4
    assert EnergyBased(margin=4.0).critic_loss(CriticOutput(real), CriticOutput(fake), ()) == 2.0 + 5.5 / 4


def test_fakes_above_the_margin_are_left_alone() -> None:
    fake = torch.tensor([0.5, 2.0], requires_grad=True)
    energy_critic_loss(torch.zeros(2), fake, 1.0).backward()
    assert fake.grad is not None and fake.grad.tolist() == [-0.5, 0.0]


def test_the_generator_lowers_energy_and_with_pulling_away_spreads_codes() -> None:
    real, fake = pair(positive=True)
    mean = fake.score.mean().item()
    assert EnergyBased().generator_loss(None, fake, ()).item() == mean
    assert fake.code is not None
    expected = mean + 0.1 * by_double_loop(fake.code)
    assert EnergyBased(pulling_away=0.1).generator_loss(real, fake, ()).item() == pytest.approx(expected, rel=1e-12)


def test_it_declares_what_it_needs() -> None:
    plain, spread = EnergyBased(), EnergyBased(pulling_away=0.1)
    assert not plain.real_is_high and not plain.needs_real and not spread.needs_real
    assert not plain.mixes_samples and spread.mixes_samples


def test_a_margin_without_decay_has_no_state() -> None:
    real, fake = pair()
    objective = EnergyBased()
    assert objective.initial_state() == () and objective.next_state(real, fake, ()) == ()


@pytest.mark.parametrize("decay", [LinearDecay(5), LinearDecay(3, start=2.0, end=0.5), LinearDecay(1, 0.0, 1.0)])
def test_a_decaying_margin_follows_its_schedule_step_by_step(decay: LinearDecay) -> None:
    objective, (real, fake) = EnergyBased(margin=3.0, margin_decay=decay), pair()
    state = objective.initial_state()
    for step in range(8):
        margin = 3.0 * decay(step)
        assert state._asdict().keys() == {"margin", "margin_step"}  # type: ignore[attr-defined]
        assert all(number.shape == () and number.dtype == torch.float32 for number in state)
        assert state[0].item() == pytest.approx(margin, rel=1e-6) and state[1] == step
        expected = energy_critic_loss(real.score, fake.score, margin).item()
        assert objective.critic_loss(real, fake, state).item() == pytest.approx(expected, rel=1e-6)
        state = objective.next_state(real, fake, state)


@pytest.mark.parametrize("passed", [2.0, 0.5])
def test_a_decaying_margin_ends_with_a_run_that_was_made_shorter_or_longer(passed: float) -> None:
    decay = LinearDecay(10, start=2.0, end=0.5)
    objective, (real, fake) = EnergyBased(margin=3.0, margin_decay=decay), pair()
    state = objective.initial_state()
    for step in range(int(12 / passed)):
        assert state[0].item() == pytest.approx(3.0 * (2.0 - 1.5 * min(1.0, step * passed / 10)), rel=1e-6)
        state = stepped(objective, real, fake, state, passed)


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"margin": -1.0}, "EnergyBased.margin is -1.0"),
        ({"margin": math.inf}, "EnergyBased.margin is inf"),
        ({"pulling_away": math.nan}, "EnergyBased.pulling_away is nan"),
        ({"margin_decay": LinearDecay(5, 1.0, -0.5)}, "EnergyBased.margin_decay at its end is -0.5"),
    ],
)
def test_numbers_out_of_range_are_refused(fields: dict[str, float], part: str) -> None:
    with pytest.raises(UsageError, match=part):
        EnergyBased(**fields)  # type: ignore[arg-type]


def test_pulling_away_without_codes_is_one_line_with_the_remedy() -> None:
    with pytest.raises(UsageError, match="gives no code: use an autoencoder critic") as error:
        EnergyBased(pulling_away=0.1).generator_loss(None, CriticOutput(torch.rand(4)), ())
    assert "\n" not in str(error.value)
