"""The comparison of an engine's gradients with the eager ones."""

from __future__ import annotations

from steadygan.recipe import RunOptions
from steadygan.training.engines import agreement
from steadygan.training.engines.agreement import disagreement
from steadygan.training.engines.eager import EAGER, Eager
from steadygan.training.engines.float64 import double_setup, in_double
from tests.training.engines.trials import errors, trial
from tests.training.games import small_recipe


def test_rounding_is_measured_against_float64():
    tried = trial(small_recipe(run=RunOptions(precision="fp32")))
    rounds = [tried.drawer.round(0, 0)]
    exact = disagreement(EAGER, lambda: double_setup(tried.build()), in_double(rounds))
    assert max(exact.values()) == 0.0
    assert 0.0 < agreement.rounding(tried.build, rounds) < 1e-4


def test_gradients_that_are_zero_for_both_agree(monkeypatch):
    class Silent(Eager):
        name = "compiled"

        def carry_out(self, setup, phase, draws):
            terms = super().carry_out(setup, phase, draws)
            for parameter in setup.game.players["generator"].parameters if phase.player == "generator" else ():
                parameter.grad.zero_()
            return terms

    monkeypatch.setattr(agreement, "EAGER", Silent())
    found = errors(trial(small_recipe(run=RunOptions(precision="fp32"))), Silent())
    assert set(found.values()) == {0.0}


def test_a_wrong_gradient_is_the_only_one_that_disagrees():
    class Wrong(Eager):
        def carry_out(self, setup, phase, draws):
            terms = super().carry_out(setup, phase, draws)
            if phase.player == "critic":
                setup.game.players["critic"].parameters[2].grad.mul_(1.01)  # the loss is right
            return terms

    found = errors(trial(small_recipe()), Wrong())
    worst = max(found, key=found.get)
    assert worst.startswith("critic.")
    assert found[worst] > 5e-3
    assert sorted(found.values())[-2] == 0.0
