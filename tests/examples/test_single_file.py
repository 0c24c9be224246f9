"""The library against examples/wgan_gp_single_file.py: the same networks and random numbers give the same losses."""

from __future__ import annotations

import copy
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn

from steadygan.data import Stored
from steadygan.losses import Wasserstein
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.penalties import GradientPenalty
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.schedules import Constant
from steadygan.training.step.drawer import Drawer
from steadygan.training.step.feed import Feed
from steadygan.training.step.game import Game
from steadygan.types import CriticOutput, SampleSpec
from tests.training.games import critic_step, generator_step

EXAMPLE = Path(__file__).parents[2] / "examples" / "wgan_gp_single_file.py"
DIGITS = SampleSpec((1, 8, 8))
ROUNDS = 2  # of five critic steps and one generator step: twelve losses


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location(EXAMPLE.stem, EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Conditional(nn.Module):
    """The example's network, called the way the library calls one."""

    def __init__(self, network, wrap):
        super().__init__()
        self.network = network
        self.wrap = wrap

    def forward(self, inputs, labels=None):
        return self.wrap(self.network(inputs))


@dataclass(frozen=True)
class Borrowed:
    """A network spec around a function that makes the network."""

    make: object
    wrap: object

    def build(self, *sizes):
        return Conditional(self.make(width=16), self.wrap)


@pytest.fixture
def data():
    digits = pytest.importorskip("sklearn.datasets").load_digits().images[:, None]
    return Stored((digits * (255 / 16)).astype("uint8"))


@pytest.fixture
def game(example):
    recipe = Recipe(
        generator=Borrowed(example.make_generator, lambda samples: samples),
        critic=Borrowed(example.make_critic, CriticOutput),
        objective=Adversarial(Wasserstein()),
        penalties=(GradientPenalty(weight=example.PENALTY_WEIGHT),),
        critic_steps=Constant(example.CRITIC_STEPS),
        prior=Normal(example.LATENT),
        generator_optimizer=Adam(1e-4, betas=(0.0, 0.9)),
        critic_optimizer=Adam(1e-4, betas=(0.0, 0.9)),
        batch=32,
    )
    return Game.build(recipe, DIGITS, "cpu", "fp32")


def test_the_first_losses_of_the_plain_loop_and_of_the_library_are_equal(example, game, data):
    drawer, feed = Drawer(game.recipe, DIGITS, data, game.device), Feed(game.recipe, data, game.device)
    generator = copy.deepcopy(game.generator.network.network).to(memory_format=torch.contiguous_format)
    critic = copy.deepcopy(game.critic.network.network).to(memory_format=torch.contiguous_format)
    generator_optimizer, critic_optimizer = example.make_optimizer(generator), example.make_optimizer(critic)

    theirs, ours = [], []
    for round_ in range(ROUNDS):
        draws = drawer.round(round_, round_ * drawer.samples_in(round_))
        game.set_round(round_)
        for step in draws.critic:
            real = feed(step.real).samples.contiguous()
            loss = example.critic_step(generator, critic, critic_optimizer, real, step.latents, step.penalties[0])
            theirs.append(float(loss))
            ours.append(float(critic_step(game, feed, step).loss))
        z = draws.generator[0].latents
        theirs.append(float(example.generator_step(generator, critic, generator_optimizer, z)))
        ours.append(float(generator_step(game, feed, draws.generator[0])))

    assert len(ours) == 12
    assert len(set(ours)) == 12
    assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-5)
