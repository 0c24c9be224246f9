"""Recipes on signals, volumes, images of many bands and tables."""

from __future__ import annotations

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.networks import ConvCritic, ConvGenerator, DCGANGenerator, MLPGenerator
from steadygan.recipes import RECIPES
from steadygan.types import SampleSpec

SAMPLES = [SampleSpec((2, 50), kind="signal"), SampleSpec((1, 9, 10, 8)), SampleSpec((6, 20, 33)), SampleSpec((7,))]
NAMES = [
    "gan",
    "dcgan",
    "lsgan",
    "dragan",
    "wgan",
    "wgan-gp",
    "wgan-gp-one-sided",
    "sngan",
    "r3gan",
    "ebgan",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_methods_that_leave_networks_open_take_every_kind(name, sample):
    recipe = RECIPES[name](sample)
    latents = recipe.prior.latents(torch.randn(4, *recipe.prior.random_spec().shape))
    samples = recipe.generator.build(sample, recipe.prior.size)(latents, None)
    assert samples.shape == (4, *sample.shape)
    assert recipe.critic.build(sample)(samples, None).score.shape == (4,)
    assert recipe.representation.fitted(sample) == recipe.representation


def test_convolutions_are_over_the_dimensions_of_a_sample():
    recipe = RECIPES["wgan-gp"](SAMPLES[0])
    assert isinstance(recipe.generator, ConvGenerator) and isinstance(recipe.critic, ConvCritic)
    assert (recipe.penalties[0].weight, recipe.batch, recipe.prior.size) == (10.0, 64, 128)
    assert isinstance(RECIPES["wgan-gp"](SampleSpec((6, 32, 32))).generator, DCGANGenerator)
    table = RECIPES["wgan-gp"](SAMPLES[3])
    assert isinstance(table.generator, MLPGenerator) and table.prior.size == 7


def build(recipe):
    recipe.representation.fitted(SAMPLES[0])
    return recipe.generator.build(SAMPLES[0], recipe.prior.size)


@pytest.mark.parametrize("name", ["photos", "wgan-gp-cifar10", "sagan", "msg-gan"])
def test_methods_for_pictures_say_so(name):
    with pytest.raises(UsageError, match=r"use ConvGenerator and ConvCritic|is for pictures|is 'paper'"):
        build(RECIPES[name](SAMPLES[0]))
