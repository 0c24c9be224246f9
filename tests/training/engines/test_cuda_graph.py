"""Recorded steps: refused, replayed on the host, and on a GPU against eager ones."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
import torch._dynamo.utils
from torch.utils import _pytree as pytree

from steadygan.errors import UsageError
from steadygan.losses import NonSaturating
from steadygan.networks import MLPAutoencoderCritic
from steadygan.objectives import Adversarial, BoundaryEquilibrium, LeCam
from steadygan.optimizers import SGD, Adam, RMSprop
from steadygan.perturbations import Adaptive, DiffAugment
from steadygan.recipe import RunOptions
from steadygan.training.engines import cuda_graph
from steadygan.training.engines.base import NotRecordable
from steadygan.training.engines.by_name import make
from steadygan.training.engines.cuda_graph import CUDAGraph, Recording, check_recordable, restored
from steadygan.training.engines.eager import EAGER
from steadygan.training.setup import SetupBuilder
from tests.training.engines.trials import small_trial, trial
from tests.training.games import critic_step, growing_recipe, image_data, small_recipe, table, training_round

RECORDED = ("graph", "compiled-graph")
"""engines that replay a recording"""


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_steps_need_a_gpu(name):
    recipe = small_recipe()
    game, feed, drawer = table(recipe, image_data())
    with pytest.raises(UsageError, match=rf"engine '{name}' records steps on an NVIDIA GPU.*cpu"):
        critic_step(game, feed, drawer.round(0, 0).critic[0], make(name))


class OnTheHost(Recording):
    """A recording whose replay computes anew on the CPU: into the same buffers, as a CUDA graph does."""

    def __init__(self, gradients, game, phase, inputs, share):
        leaves, tree = pytree.tree_flatten(inputs)
        self.game, self.parameters = game, game.players[phase.player].parameters
        self.buffers = [leaf.clone() if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
        static = pytree.tree_unflatten(self.buffers, tree)
        with restored(game):
            self._drop_gradients()
            self.terms = gradients(game, phase, *static, share)
            self.gradients = [(p, p.grad) for p in self.parameters if p.grad is not None]
        self.graph = SimpleNamespace(replay=lambda: self._compute(gradients, phase, static, share))

    def _compute(self, gradients, phase, static, share):
        left = [parameter.grad for parameter in self.parameters]
        self._drop_gradients()
        terms = gradients(self.game, phase, *static, share)
        with torch.no_grad():
            for parameter, buffer in self.gradients:
                buffer.copy_(parameter.grad)
        for old, new in zip(pytree.tree_leaves(self.terms), pytree.tree_leaves(terms), strict=True):
            old.copy_(new) if isinstance(old, torch.Tensor) else None
        for parameter, gradient in zip(self.parameters, left, strict=True):
            parameter.grad = gradient


@pytest.fixture
def recorded_on_the_host(monkeypatch):
    monkeypatch.setattr(cuda_graph, "Recording", OnTheHost)
    monkeypatch.setattr(cuda_graph, "check_recordable", lambda *_: None)


@pytest.mark.parametrize("name", ["began", "lecam", "adaptive", "sngan", "micro-batches", "r3gan", "dcgan", "lazy R1"])
def test_recordings_see_the_batches_draws_and_states_of_each_step(name, recorded_on_the_host):
    """All but the capture itself, on a CPU: rounds by replays end where eager ones do."""
    ends = []
    for engine in (EAGER, CUDAGraph()):
        tried = adaptive_trial() if name == "adaptive" else small_trial(name)
        game = tried.game()
        for round_ in range(3):
            training_round(game, tried.feed, tried.drawer.round(round_, 40 * round_), round_, 8 * round_, engine)
        buffers = [*game.critic.buffers(), *game.generator.buffers()]
        ends.append([*game.players["generator"].parameters, *game.players["critic"].parameters, *buffers])
        ends[-1] += pytree.tree_leaves(game.state)
    for one, other in zip(*ends, strict=True):
        assert torch.equal(one, other)


def test_recordings_of_a_size_that_was_left_are_dropped(recorded_on_the_host):
    tried, engine = trial(growing_recipe()), CUDAGraph()
    game, seen, levels = tried.game(), 0, []
    for round_ in range(4):
        training_round(game, tried.feed, tried.drawer.round(round_, seen), round_, seen, engine)
        seen += tried.drawer.samples_in(round_)
        levels.append(game.stages.level)
        assert {key[1] for key in engine._recordings} == {game.stages.level}
    assert len(set(levels)) > 1


def adaptive_trial():
    return trial(
        small_recipe(
            objective=Adversarial(NonSaturating()),
            penalties=(),
            perturbation=Adaptive(DiffAugment(), initial=0.5, every=2),
        )
    )


def test_losses_that_sum_over_processes_cannot_be_recorded():
    game = SimpleNamespace(device=torch.device("cuda"), exchanges=True)
    with pytest.raises(NotRecordable, match="sums over the processes"):
        check_recordable(game)
    check_recordable(SimpleNamespace(device=torch.device("cuda"), exchanges=False))


OPTIMIZERS = [SGD(1e-3), SGD(1e-3, momentum=0.5), RMSprop(1e-4), Adam(1e-4, betas=(0.5, 0.9))]


PLAYED = [
    *({"generator_optimizer": each, "critic_optimizer": each} for each in OPTIMIZERS),
    {"objective": LeCam(Adversarial(NonSaturating())), "penalties": ()},
    {"objective": Adversarial(NonSaturating()), "penalties": (), "perturbation": Adaptive(DiffAugment(), every=2)},
    {"objective": BoundaryEquilibrium(), "critic": MLPAutoencoderCritic(width=8), "penalties": ()},
]


@pytest.mark.gpu
@pytest.mark.parametrize("changes", PLAYED, ids=str)
@pytest.mark.parametrize("engine", RECORDED)
def test_recorded_steps_follow_rates_states_and_draws(engine, changes):
    recipe = small_recipe(run=RunOptions(precision="fp32"), **changes)
    ends = []
    for by in (EAGER, make(engine)):
        tried = SetupBuilder(recipe, image_data(), torch.device("cuda"))
        game = tried.game()
        for round_ in range(4):
            training_round(game, tried.feed, tried.drawer.round(round_, 0), round_, 0, by)
        tensors = [
            *game.players["generator"].parameters,
            *game.players["critic"].parameters,
            *game.state.objective,
            *game.state.perturbation,
        ]
        ends.append(torch.cat([tensor.flatten() for tensor in tensors]))
    torch.testing.assert_close(*ends, rtol=1e-4, atol=1e-6)
