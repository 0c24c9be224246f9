"""Samples of small passes are those of one pass of the whole block."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

import steadygan as sg
from steadygan.data import DataOptions
from steadygan.networks.building import build_generator
from steadygan.networks.layers.own import is_own
from steadygan.networks.layers.passes import PASS
from steadygan.representations import decode_scales
from steadygan.run.generating import BLOCK
from steadygan.training.fixed_latents import generate
from steadygan.types import SampleSpec, scales_of
from tests.training.games import small_recipe


class Noisy(torch.nn.Module):
    """Draws in its forward, and knows how many samples came together."""

    def __init__(self, sample, latent):
        super().__init__()
        self.linear = torch.nn.Linear(latent, 64)
        self.counts = []

    def forward(self, latents):
        self.counts.append(len(latents))
        return torch.tanh(self.linear(latents) + torch.randn(len(latents), 64)).reshape(-1, 1, 8, 8)


def trained(folder, **changes):
    base = small_recipe(rounds=1)
    recipe = dataclasses.replace(
        base,
        critic=sg.networks.DCGANCritic(width=4),
        data=DataOptions("digits", cache=str(folder / "cache")),
        run=dataclasses.replace(base.run, evaluate="none"),
        **changes,
    )
    return sg.train(recipe, out=folder / "run", observers=[])


@pytest.mark.parametrize("count", [1, PASS, 3 * PASS + 5, BLOCK + 40])
def test_pictures_of_passes_are_those_of_the_network_itself(tmp_path, count):
    run = trained(tmp_path, generator=sg.networks.DCGANGenerator(width=8))
    seen = []
    hook = run.generator.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    made = run.sample(count, seed=3)
    hook.remove()
    with torch.no_grad():
        whole = scales_of(run.generator(run.latents(count, 3)))[-1].double()
    assert made.shape == (count, 1, 8, 8)
    # the rounding to grey levels may fall to either side
    assert np.abs(made - (whole.numpy() + 1) * 127.5).max() < 0.5 + 1e-3
    assert sum(seen) == count and max(seen) < 2 * PASS and min(seen) >= min(count, PASS)


def test_a_network_of_the_users_own_sees_whole_blocks_as_its_noise_is_drawn_for_them(tmp_path):
    run = trained(tmp_path, generator=Noisy)
    (own,) = (part for part in run.generator.modules() if isinstance(part, Noisy))
    assert is_own(run.generator)
    own.counts.clear()
    first, again = run.sample(BLOCK + 40), run.sample(BLOCK + 40)
    assert own.counts == [BLOCK, 40, BLOCK, 40] and np.array_equal(first, again)


@pytest.mark.parametrize("name", ["photos", "pictures", "sngan", "msg-gan"])
def test_evaluations_during_training_see_the_same_pictures(name):
    shape = SampleSpec((1, 16, 16), 10)
    recipe = sg.recipes.RECIPES[name](shape)
    recipe = dataclasses.replace(recipe, representation=recipe.representation.fitted(shape))
    torch.manual_seed(0)
    generator = build_generator(recipe.generator, shape, recipe.prior.size).eval()
    noise, labels = torch.randn(100, recipe.prior.size), torch.arange(100) % 10
    batches = generate(generator, recipe, noise, labels, torch.device("cpu"), batch=70)
    made = [torch.cat(scale) for scale in zip(*batches, strict=True)]
    with torch.no_grad():
        whole = decode_scales(recipe.representation, generator(recipe.prior.latents(noise), labels))
    for one, other in zip(made, whole, strict=True):
        assert (one.int() - other.int()).abs().max() <= 1  # the rounding to grey levels may fall to either side
