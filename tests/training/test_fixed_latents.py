"""The averaged generator's spectral norms, and sigmas in the record."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from steadygan.losses import Hinge
from steadygan.networks import ResNetCritic, ResNetGenerator
from steadygan.objectives import Adversarial
from steadygan.training.fixed_latents import settle_average
from steadygan.training.record_row import row
from tests.networks.spectral import spectral_norms
from tests.training.games import image_data, small_recipe, table, training_round

RECIPE = small_recipe(
    generator=ResNetGenerator(6, spectral=True, attention=4),
    critic=ResNetCritic(6, pool="sum", spectral=True),
    objective=Adversarial(Hinge()),
    penalties=(),
)


def played(norm="batch", rounds=3):
    """A game after some rounds, and its last report."""
    recipe = dataclasses.replace(RECIPE, generator=dataclasses.replace(RECIPE.generator, norm=norm))
    game, feed, drawer = table(recipe, image_data())
    for round_ in range(rounds):
        report = training_round(game, feed, drawer.round(round_, round_ * 32), round_, 0)
    return game, report


def buffers(module):
    return {name: buffer.clone() for name, buffer in module.named_buffers()}


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_the_averages_spectral_norms_are_those_of_its_own_weights(norm):
    game, _ = played(norm)
    with torch.no_grad():
        for parameter in game.average.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))  # far from the present generator's
    settle_average(game)
    for name, sigma in spectral_norms(game.average).items():
        weight = game.average.get_submodule(name).parametrizations.weight.original
        truth = np.linalg.svd(weight.flatten(1).numpy(), compute_uv=False)[0]
        assert 0.97 * truth < sigma.item() <= truth * (1 + 1e-5), name


def test_settling_the_average_again_changes_nothing_and_leaves_the_players_alone():
    game, _ = played()
    players = {**buffers(game.generator), **{f"critic.{k}": b for k, b in buffers(game.critic).items()}}
    settle_average(game)
    once = buffers(game.average)
    settle_average(game, roughly=True)
    assert any(not torch.equal(buffer, once[name]) for name, buffer in buffers(game.average).items())
    settle_average(game)
    assert all(torch.equal(buffer, once[name]) for name, buffer in buffers(game.average).items())
    after = {**buffers(game.generator), **{f"critic.{k}": b for k, b in buffers(game.critic).items()}}
    assert all(torch.equal(buffer, players[name]) for name, buffer in after.items())


def test_a_row_holds_the_sigma_of_every_layer_and_attentions_gamma_and_moves_nothing():
    game, report = played()
    held = buffers(game.critic)
    logged = row(game, report, None, 2)
    for player in ("generator", "critic"):
        for name, sigma in spectral_norms(getattr(game, player)).items():
            assert logged[f"sigma/{player}.{name}"] == sigma.item()
    assert logged["gamma/generator.trunk.2"] == game.generator.trunk[2].gamma.item() != 0.0
    assert all(torch.equal(buffer, held[name]) for name, buffer in buffers(game.critic).items())
