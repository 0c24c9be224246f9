"""LeCam: the term against a loop, the averages against their closed form, the base's state beside its own."""

from __future__ import annotations

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.losses import Hinge, RelativisticAverage
from steadygan.objectives import (
    Adversarial,
    AuxiliaryClassifier,
    BoundaryEquilibrium,
    FeatureMatching,
    LeCam,
    lecam_regulariser,
)
from steadygan.objectives.base import State, stepped
from steadygan.recipe import Recipe, dumps, loads, stretched
from steadygan.types import CriticOutput
from tests.objectives.outputs import pair


def averages(real: float, fake: float) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor(real, dtype=torch.float64), torch.tensor(fake, dtype=torch.float64)


def by_loop(real: list[float], fake: list[float], real_average: float, fake_average: float) -> float:
    first = sum(max(0.0, x - fake_average) ** 2 for x in real) / len(real)
    return first + sum(max(0.0, real_average - g) ** 2 for g in fake) / len(fake)


def test_the_regulariser_compares_each_side_with_the_average_of_the_other() -> None:
    real, fake = pair()
    expected = by_loop(real.score.tolist(), fake.score.tolist(), 0.3, -0.2)
    assert lecam_regulariser(real.score, fake.score, *averages(0.3, -0.2)).item() == pytest.approx(expected, rel=1e-12)


def test_scores_on_the_wrong_side_cost_nothing() -> None:
    real, fake = torch.tensor([-2.0, -1.0]), torch.tensor([1.0, 3.0])
    assert lecam_regulariser(real, fake, torch.tensor(0.5), torch.tensor(-0.5)) == 0.0


def test_it_is_added_to_the_critics_loss_alone() -> None:
    base, (real, fake) = Adversarial(Hinge()), pair()
    objective, state = LeCam(base, weight=0.7), averages(1.0, -1.0)
    expected = base.critic_loss(real, fake, ()) + 0.7 * lecam_regulariser(real.score, fake.score, *state)
    assert objective.critic_loss(real, fake, state).item() == pytest.approx(expected.item(), rel=1e-12)
    assert objective.generator_loss(None, fake, state) == base.generator_loss(None, fake, ())


def test_the_averages_are_exponential_ones_that_begin_at_0() -> None:
    objective = LeCam(decay=0.9)
    state = objective.initial_state()
    assert state == (0.0, 0.0) and state._fields == ("lecam_real", "lecam_fake")  # type: ignore[attr-defined]
    state = type(state)(*(number.double() for number in state))
    means: list[tuple[float, float]] = []
    for _ in range(20):
        real, fake = pair()
        means.append((real.score.mean().item(), fake.score.mean().item()))
        state = objective.next_state(real, fake, state)
    for side in (0, 1):
        closed = sum(0.1 * 0.9 ** (19 - step) * mean[side] for step, mean in enumerate(means))
        assert state[side].item() == pytest.approx(closed, abs=1e-13)
    assert state._fields == ("lecam_real", "lecam_fake")  # type: ignore[attr-defined]


def test_the_bases_state_comes_first_in_one_flat_named_tuple() -> None:
    base, (real, fake) = BoundaryEquilibrium(rate=0.1), pair(positive=True)
    objective = LeCam(base, decay=0.5)  # type: ignore[arg-type]
    state, held = objective.initial_state(), base.initial_state()
    for _ in range(3):
        assert state._fields == (*type(held)._fields, "lecam_real", "lecam_fake")  # type: ignore[attr-defined]
        assert state[:-2] == held
        state, held = objective.next_state(real, fake, state), base.next_state(real, fake, held)


def test_energies_are_regularised_with_the_opposite_sign() -> None:
    real, fake = pair(positive=True)
    objective, state = LeCam(BoundaryEquilibrium(), weight=2.0), averages(0.1, 0.9)  # type: ignore[arg-type]
    loss = objective.critic_loss(real, fake, (*BoundaryEquilibrium().initial_state(), *state))
    mirrored = by_loop((-real.score).tolist(), (-fake.score).tolist(), -0.1, -0.9)
    assert loss.item() == pytest.approx(real.score.mean().item() + 2.0 * mirrored, rel=1e-12)


@pytest.mark.parametrize(
    "base",
    [Adversarial(RelativisticAverage()), AuxiliaryClassifier(), FeatureMatching()],
    ids=lambda b: type(b).__name__,
)
def test_the_needs_of_the_base_stay(base: Adversarial | AuxiliaryClassifier | FeatureMatching) -> None:
    objective = LeCam(base)
    for name in ("needs_real", "mixes_samples", "real_is_high"):
        assert getattr(objective, name) == getattr(base, name)
    real, fake = pair()
    assert objective.generator_loss(real, fake, objective.initial_state()) == base.generator_loss(real, fake, ())


def test_the_averages_carry_no_gradient_to_the_scores() -> None:
    real, fake = pair(grad=True)
    state = LeCam().next_state(
        real._replace(score=real.score.detach()), fake._replace(score=fake.score.detach()), averages(0.0, 0.0)
    )
    assert not any(number.requires_grad for number in state)


@pytest.mark.parametrize(("field", "value"), [("weight", -1.0), ("decay", 1.5), ("decay", -0.1)])
def test_numbers_out_of_range_are_refused(field: str, value: float) -> None:
    with pytest.raises(UsageError, match=rf"LeCam\.{field} is {value}"):
        LeCam(**{field: value})  # type: ignore[arg-type]


def test_before_its_start_there_is_no_regulariser_and_the_averages_are_the_last_batch() -> None:
    """The form of the authors' code for BigGAN, step by step."""
    base = Adversarial(Hinge())
    objective = LeCam(base, weight=0.3, decay=0.9, start=3)
    state = objective.initial_state()
    assert state._fields == ("lecam_real", "lecam_fake", "lecam_steps")  # type: ignore[attr-defined]
    state = type(state)(*(number.double() for number in state))
    expected = [0.0, 0.0]
    for step in range(7):
        real, fake = pair()
        plain = base.critic_loss(real, fake, ())
        term = by_loop(real.score.tolist(), fake.score.tolist(), *expected) if step >= 3 else 0.0
        assert objective.critic_loss(real, fake, state).item() == pytest.approx(plain.item() + 0.3 * term, rel=1e-12)
        state = objective.next_state(real, fake, state)
        decay = 0.9 if step >= 3 else 0.0
        means = [real.score.mean().item(), fake.score.mean().item()]
        expected = [decay * old + (1 - decay) * new for old, new in zip(expected, means, strict=True)]
        assert [number.item() for number in state] == pytest.approx([*expected, step + 1])


def test_a_start_is_left_out_of_yaml_where_there_is_none_and_follows_the_length_of_a_run() -> None:
    assert "start" not in dumps(Recipe(objective=LeCam()))
    late = Recipe(objective=LeCam(start=1_000), rounds=100_000)
    assert loads(dumps(late)) == late
    assert stretched(late, 500).objective == LeCam(start=5)


def test_a_start_below_0_is_refused() -> None:
    with pytest.raises(UsageError, match=r"LeCam\.start is -1"):
        LeCam(start=-1)


@pytest.mark.parametrize(("passed", "first"), [(1.0, 6), (2.0, 3), (0.5, 12), (4.0, 2)])
def test_its_start_follows_a_run_that_was_made_shorter_or_longer(passed: float, first: int) -> None:
    """The first regularised step is the first whose planned one is at ``start``, or after it."""
    base = Adversarial(Hinge())
    objective = LeCam(base, weight=0.3, decay=0.9, start=6)
    state, (real, fake) = objective.initial_state(), pair()
    plain, regularised = base.critic_loss(real, fake, ()).item(), []
    for step in range(14):
        if objective.critic_loss(real, fake, state).item() != plain:
            regularised.append(step)
        state = stepped(objective, real, fake, state, passed)
    assert regularised[0] == first


def test_what_a_step_stands_for_is_handed_to_the_base() -> None:
    class Counts(Adversarial):
        def initial_state(self) -> State:
            return (torch.zeros(()),)

        def next_state(self, real: CriticOutput, fake: CriticOutput, state: State, passed: float = 1.0) -> State:
            return (state[0] + passed,)

    for objective in (Counts(), FeatureMatching(Counts()), LeCam(FeatureMatching(Counts()))):
        state = stepped(objective, *pair(), objective.initial_state(), 2.5)
        assert state[0].item() == 2.5


def test_an_objective_that_counts_no_steps_is_not_told_of_them() -> None:
    base = BoundaryEquilibrium(rate=0.1)
    state, (real, fake) = base.initial_state(), pair(positive=True)
    assert stepped(base, real, fake, state, 2.0) == base.next_state(real, fake, state)
