"""What an objective takes from the one it holds, where it says nothing itself."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from steadygan.losses import Hinge, RelativisticAverage
from steadygan.objectives import Adversarial, BoundaryEquilibrium, ObjectiveLike
from steadygan.objectives.wrapping import Wrapping
from tests.objectives.outputs import pair


@dataclass(frozen=True)
class Bare(Wrapping):
    base: ObjectiveLike


@pytest.mark.parametrize("base", [Adversarial(Hinge()), Adversarial(RelativisticAverage()), BoundaryEquilibrium()])
def test_without_a_word_of_its_own_an_objective_is_its_base(base: ObjectiveLike) -> None:
    objective, (real, fake) = Bare(base), pair(positive=True)
    state = base.initial_state()
    for name in ("needs_real", "mixes_samples", "real_is_high"):
        assert getattr(objective, name) == getattr(base, name)
    assert objective.initial_state() == state
    assert objective.critic_loss(real, fake, state) == base.critic_loss(real, fake, state)
    assert objective.generator_loss(real, fake, state) == base.generator_loss(real, fake, state)
    assert objective.next_state(real, fake, state) == base.next_state(real, fake, state)
