"""Which labels the networks are given: the real batch's in critic steps, drawn ones in generator steps."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest
import torch

from steadygan.losses import Hinge, RelativisticPaired
from steadygan.networks import ResNetCritic, ResNetGenerator
from steadygan.objectives import Adversarial
from steadygan.penalties import GradientPenalty
from steadygan.recipe import RunOptions
from steadygan.recipes import acgan_wgan_gp, projection, sagan
from steadygan.schedules import Constant
from tests.training.games import IMAGES, critic_step, generator_step, image_data, table

BATCH = 12


@dataclass(frozen=True)
class Recorded:
    """A network that remembers the labels of every call."""

    network: ResNetCritic | ResNetGenerator

    def build(self, *sizes):
        module = self.network.build(*sizes)
        module.calls = []
        module.register_forward_pre_hook(lambda m, inputs: m.calls.append(inputs[1]))
        return module


def recorded(make=projection, **changes):
    """A round's draws and a game with small networks that remember their labels."""
    recipe = make(IMAGES)
    small = {
        "generator": Recorded(ResNetGenerator(4, conditional=True)),
        "critic": Recorded(ResNetCritic(4, spectral=True, projection=True)),
        "batch": BATCH,
        "critic_steps": Constant(1),
        "run": RunOptions(precision="fp32"),
    }
    game, feed, drawer = table(dataclasses.replace(recipe, **{**small, **changes}), image_data())
    game.generator.calls.clear()
    return game, feed, drawer.round(0, 0)


def test_fakes_of_a_critic_step_have_the_labels_of_the_real_samples():
    game, feed, draws = recorded()
    critic_step(game, feed, draws.critic[0])
    real = feed(draws.critic[0].real).labels
    (made,), (read,) = game.generator.calls, game.critic.calls
    assert torch.equal(made, real)
    assert torch.equal(read, torch.cat([real, real]))  # one joined pass
    assert len(set(real.tolist())) > 1


def test_points_between_real_and_fake_samples_have_them_too():
    game, feed, draws = recorded(penalties=(GradientPenalty(),))
    critic_step(game, feed, draws.critic[0])
    real = feed(draws.critic[0].real).labels
    assert len(game.critic.calls) == 2
    assert torch.equal(game.critic.calls[1], real)


def test_micro_batches_keep_samples_and_labels_together():
    game, feed, draws = recorded(run=RunOptions(precision="fp32", micro_batch=5))
    critic_step(game, feed, draws.critic[0])
    real = feed(draws.critic[0].real).labels
    assert torch.equal(torch.cat(game.generator.calls), real)
    assert [len(call) for call in game.critic.calls] == [10, 10, 4]


def test_a_generator_step_draws_its_labels_for_maker_and_reader_alike():
    game, feed, draws = recorded()
    generator_step(game, feed, draws.generator[0])
    (made,), (read,) = game.generator.calls, game.critic.calls
    assert torch.equal(made, draws.generator[0].labels) and torch.equal(read, made)
    assert not torch.equal(made, feed(draws.critic[0].real).labels)


def test_fakes_of_a_generator_step_have_the_labels_of_the_real_samples_that_they_are_paired_with():
    game, feed, draws = recorded(objective=Adversarial(RelativisticPaired()))
    generator_step(game, feed, draws.generator[0])
    real = feed(draws.generator[0].real).labels
    (made,), (read,) = game.generator.calls, game.critic.calls
    assert torch.equal(made, real) and torch.equal(read, torch.cat([real, real]))


@pytest.mark.parametrize("make", [projection, sagan, acgan_wgan_gp])
def test_drawn_labels_are_uniform_over_the_classes(make):
    draws = recorded(make, batch=2000, generator_batch=None, objective=Adversarial(Hinge()))[2]
    assert torch.bincount(draws.generator[0].labels, minlength=10).min() > 150
