"""Parameters that a loss does not depend on: no weight decay and no moments, under every engine alike."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from steadygan.losses import NonSaturating
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam, AdamW
from steadygan.penalties import R1
from steadygan.recipe import RunOptions
from steadygan.training.engines.agreement import disagreement
from steadygan.training.engines.compiled import Compiled
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.float64 import double_setup, in_double
from steadygan.training.step.counters import Counters
from steadygan.training.step.gradients import used_parameters
from steadygan.training.step.round import training_round
from steadygan.types import CriticOutput
from tests.training.engines.trials import trial
from tests.training.games import small_recipe


class _Critic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.spare = nn.Linear(3, 3)
        self.first, self.last = nn.Linear(64, 8), nn.Linear(8, 1)
        self.frozen = nn.Linear(64, 8).requires_grad_(False)

    def forward(self, samples, labels=None):
        flat = samples.flatten(1)
        return CriticOutput(self.last(torch.tanh(self.first(flat) + self.frozen(flat)))[:, 0])


@dataclass(frozen=True)
class SpareCritic:
    """A critic with a layer that it never calls, and one that is frozen; R1 does not depend on its last bias."""

    def build(self, sample) -> nn.Module:
        return _Critic()


def recipe(optimizer, micro_batch=None):
    return small_recipe(
        critic=SpareCritic(),
        objective=Adversarial(NonSaturating()),
        penalties=(R1(1.0, every=2),),
        critic_optimizer=optimizer,
        run=RunOptions(micro_batch=micro_batch),
    )


def trained(optimizer, engine, micro_batch=None):
    """The critic of a game in float64 after three rounds, its optimizer, and its weights at the start."""
    setup = double_setup(trial(recipe(optimizer, micro_batch)).build())
    critic = next(part for part in setup.game.critic.modules() if isinstance(part, _Critic))
    start = {name: value.clone() for name, value in critic.state_dict().items()}
    position = 0
    for round_ in range(3):
        draws = in_double(setup.drawer.round(round_, position))
        training_round(setup, draws, Counters(round_, 2 * round_, position, 16 * round_), engine)
        position += setup.drawer.samples_in(round_)
    return critic, setup.game.players["critic"].optimizer, start


ENGINES = {
    "compiled": lambda: Compiled("aot_eager"),
    "compiled in two graphs": lambda: _separate(),
}


def _separate():
    engine = Compiled("aot_eager")
    engine._separate = True  # as where a loss sums over processes
    return engine


SPARED = ("spare.weight", "spare.bias", "frozen.weight", "frozen.bias")


@pytest.mark.parametrize("optimizer", [AdamW(1e-2, weight_decay=0.1), Adam(1e-2, betas=(0.5, 0.9), weight_decay=0.1)])
def test_what_no_loss_depends_on_stays_to_the_last_bit(optimizer):
    critic, made, start = trained(optimizer, EAGER)
    for name in SPARED:
        assert torch.equal(critic.state_dict()[name], start[name])
        assert critic.get_parameter(name) not in made.state
    assert not torch.equal(critic.last.bias, start["last.bias"])


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "micro_batch"), [("compiled", 8), ("compiled in two graphs", None)])
def test_compiled_phases_spare_the_same_parameters_and_their_moments(engine, micro_batch):
    optimizer = AdamW(1e-2, betas=(0.5, 0.9), weight_decay=0.1)
    eager, eager_state, start = trained(optimizer, EAGER, micro_batch)
    other, other_state, _ = trained(optimizer, ENGINES[engine](), micro_batch)
    assert all(torch.equal(other.state_dict()[name], start[name]) for name in SPARED)
    for name, parameter in eager.named_parameters():
        twin = other.get_parameter(name)
        torch.testing.assert_close(twin, parameter, rtol=1e-10, atol=1e-12)
        assert other_state.state[twin].keys() == eager_state.state[parameter].keys()
        for key, value in eager_state.state[parameter].items():
            torch.testing.assert_close(other_state.state[twin][key], value, rtol=1e-8, atol=1e-12)
    assert eager_state.state[eager.last.bias]["step"] == 6  # of 9 steps, 3 of them R1's
    assert eager_state.state[eager.last.weight]["step"] == 9


def test_the_structure_is_found_without_a_trace_on_the_game():
    setup = trial(recipe(AdamW(1e-2))).build()
    game, draws = setup.game, setup.drawer.round(0, 0).critic[0]
    before = {name: value.clone() for name, value in game.critic.state_dict().items()}
    found = {}
    for phase in game.phases:
        if phase.player == "critic":
            used = used_parameters(game, phase, setup.feed(draws.real), draws, game.state, 1.0)
            names = [name.removeprefix("network.") for name, p in game.critic.named_parameters() if p.requires_grad]
            found[phase.objective] = [name for name, is_used in zip(names, used, strict=True) if not is_used]
    assert found == {True: ["spare.weight", "spare.bias"], False: ["spare.weight", "spare.bias", "last.bias"]}
    assert all(torch.equal(value, before[name]) for name, value in game.critic.state_dict().items())
    assert all(parameter.grad is None for parameter in game.critic.parameters())


def test_an_engine_that_moves_what_autograd_spares_is_not_taken():
    class Zeros:
        name = "compiled"

        def carry_out(self, setup, phase, draws):
            terms = EAGER.carry_out(setup, phase, draws)
            for parameter in setup.game.players[phase.player].parameters:
                parameter.grad = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            return terms

    tried = trial(recipe(AdamW(1e-2)))
    rounds = [tried.drawer.round(0, 0)]
    distances = disagreement(Zeros(), tried.build, rounds)
    assert distances["critic.network.spare.weight"] == float("inf")
    assert max(disagreement(EAGER, tried.build, rounds).values()) == 0.0
