"""Losses of every patch: written out, with their gradients, and by parts of a batch."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from steadygan.losses import Hinge, LeastSquares, NonSaturating, RelativisticAverage, RelativisticPaired
from steadygan.networks import Own
from steadygan.networks.layers.answers import critic_output
from steadygan.objectives import Adversarial
from steadygan.penalties import R1
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.float64 import double_setup, in_double
from steadygan.training.step.patches import critic_loss, generator_loss, mapped
from steadygan.training.step.round import compute_gradients
from steadygan.training.step.scoring import split_output
from steadygan.training.step.setup import Setup
from tests.training.games import image_data, main_phase, small_recipe, table

LOSSES = [Hinge(), LeastSquares(), NonSaturating(), RelativisticPaired(), RelativisticAverage()]


def outputs(count=3):
    rng = torch.Generator().manual_seed(count)
    maps = [torch.randn(count, 1, *sides, generator=rng, dtype=torch.float64) for sides in ((2, 3), (1, 2))]
    return maps, critic_output(maps, count, each_patch=True)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_it_is_the_mean_over_scales_of_the_loss_of_all_patches(loss):
    (reals, real), (fakes, fake) = outputs(3), outputs(3)[:2]
    fakes = [-2 * each for each in fakes]
    fake = critic_output(fakes, 3, each_patch=True)
    objective = Adversarial(loss)
    pairs = [(a.flatten(), b.flatten()) for a, b in zip(reals, fakes, strict=True)]
    expected = sum(loss.critic(a, b, real_label=1.0) for a, b in pairs) / 2
    torch.testing.assert_close(critic_loss(objective, real, fake, ()), expected, rtol=1e-14, atol=0)
    expected = sum(loss.generator(b, a) for a, b in pairs) / 2
    torch.testing.assert_close(generator_loss(objective, real, fake, ()), expected, rtol=1e-14, atol=0)


def test_without_patches_it_is_the_objectives_loss():
    _, output = outputs()
    plain = output._replace(patches=None)
    objective = Adversarial(Hinge())
    assert critic_loss(objective, plain, plain, ()) == objective.critic_loss(plain, plain, ())
    assert generator_loss(objective, None, plain, ()) == objective.generator_loss(None, plain, ())


def test_outputs_split_by_samples_with_their_patches():
    maps, output = outputs(5)
    first, rest = split_output(output, 2)
    assert torch.equal(first.patches[0], maps[0][:2].flatten(1))
    assert torch.equal(rest.patches[1], maps[1][2:].flatten(1))
    assert mapped(output, lambda field: 2 * field).patches[1].equal(2 * maps[1].flatten(1))


class PatchCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Conv2d(1, 4, 3, 2, 1), nn.Conv2d(4, 1, 3, 1, 1)

    def forward(self, x):
        fine = self.last(torch.relu(self.first(x)))
        return [fine, fine[:, :, ::2, ::2] * 2]


def gradients(patches, micro_batch=None):
    recipe = small_recipe(
        critic=Own(PatchCritic, patches=patches),
        objective=Adversarial(Hinge()),
        penalties=(R1(3.0),),
        run=dataclasses.replace(small_recipe().run, micro_batch=micro_batch),
    )
    setup = double_setup(Setup(*table(recipe, image_data())))
    draws = in_double(setup.drawer.round(0, 0)).critic[0]
    compute_gradients(setup, main_phase(setup.game, "critic"), draws, EAGER)
    return setup, draws, {name: p.grad.clone() for name, p in setup.game.critic.named_parameters()}


@pytest.mark.parametrize("patches", ["mean", "each"])
def test_a_steps_gradients_are_those_of_the_plain_critic_written_out(patches):
    setup, draws, got = gradients(patches)
    game, real = setup.game, setup.feed(draws.real).samples.double()
    with torch.no_grad():
        fake = game.generator(game.recipe.prior.latents(draws.latents))
    critic = game.critic.network

    def loss_of(sign, samples):
        maps = [scale.flatten(1) for scale in critic(samples)]
        if patches == "each":
            return sum(torch.relu(1 - sign * each).mean() for each in maps) / 2
        return torch.relu(1 - sign * (maps[0].mean(1) + maps[1].mean(1)) / 2).mean()

    points = real.detach().clone().requires_grad_(True)
    score = sum(each.flatten(1).mean(1) for each in critic(points)) / 2
    (slope,) = torch.autograd.grad(score.sum(), points, create_graph=True)
    loss = loss_of(1, real) + loss_of(-1, fake) + 3.0 / 2 * slope.flatten(1).square().sum(1).mean()
    for (name, parameter), expected in zip(
        critic.named_parameters(), torch.autograd.grad(loss, list(critic.parameters())), strict=True
    ):
        torch.testing.assert_close(got[f"network.{name}"], expected, rtol=1e-9, atol=1e-12)
        assert parameter.shape == expected.shape


def test_parts_of_a_batch_add_up():
    _, _, whole = gradients("each")
    _, _, parts = gradients("each", micro_batch=5)
    for name, gradient in whole.items():
        torch.testing.assert_close(parts[name], gradient, rtol=1e-9, atol=1e-12)
