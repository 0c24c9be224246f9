"""The eager engine: losses and autograd without compilation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadygan.training.step.gradients import carry_out

if TYPE_CHECKING:
    from steadygan.phases import Phase
    from steadygan.training.engines.base import EngineName
    from steadygan.training.step.draws import StepDraws
    from steadygan.training.step.setup import Setup
    from steadygan.training.step.terms import Terms


class Eager:
    """Runs each loss directly; the reference for all other engines."""

    name: EngineName = "eager"

    def carry_out(self, setup: Setup, phase: Phase, draws: StepDraws) -> Terms:
        return carry_out(setup, phase, draws)


EAGER = Eager()
