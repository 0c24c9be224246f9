"""Stacked networks: the authors' numbers of parameters, levels of samples, and what is refused."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from steadygan.errors import SteadyganError
from steadygan.networks import (
    ClassifierEncoder,
    DCGANCritic,
    DCGANGenerator,
    LabelledGenerator,
    ResNetGenerator,
    SGANImageCritic,
    SGANImageGenerator,
    StackedCritic,
    StackedGenerator,
    parameter_count,
)
from steadygan.recipes import find
from steadygan.types import SampleSpec, scales_of

DIGITS = SampleSpec((1, 8, 8), 10)
GENERATOR = StackedGenerator(DCGANGenerator(4), features=6, noise=3, units=8, joint_from=5)
CRITIC = StackedCritic(DCGANCritic(4), features=6, noise=3, lower_noise=2, units=8)


@pytest.mark.parametrize(
    ("name", "shape", "counts"),
    [
        ("sgan-cifar10", (3, 32, 32), (1_031_818, 808_192, 5_367_171, 425_532, 1_066_010)),
        ("sgan-mnist", (1, 28, 28), (160_362, 426_240, 1_516_097, 144_691, 794_675)),
    ],
)
def test_the_paper_s_networks_have_its_numbers_of_parameters(name, shape, counts):
    sample = SampleSpec(shape, 10)
    recipe = find(name)(sample)
    generator, critic = recipe.generator.build(sample, recipe.prior.size), recipe.critic.build(sample)
    encoder = recipe.encoder.build(sample)
    parts = (encoder, generator.top, generator.bottom, critic.top, critic.bottom)
    assert tuple(map(parameter_count, parts)) == counts
    latents, labels = torch.rand(2, recipe.prior.size), torch.tensor([1, 2])
    with torch.no_grad():
        images = generator(latents, labels)
        fakes, condition = generator.levels(latents, labels, torch.zeros(2, 256))
        output = critic(fakes)
    assert images.shape == (2, *shape) and encoder(images).shape == (2, 10)
    assert (condition == 0).all() and [noise.shape[1] for noise in output.recovered] == [50, recipe.prior.size - 50]
    if name == "sgan-cifar10":
        torch.testing.assert_close(output.levels, torch.logsumexp(output.class_logits, 1))
    else:
        assert max(noise.abs().max() for noise in output.recovered) < 1 and output.class_logits is None


def test_images_are_made_of_given_features_until_the_levels_are_joined():
    generator = GENERATOR.build(DIGITS, 5).eval()
    latents, labels, given = torch.rand(4, 5), torch.arange(4), torch.rand(4, 6)
    for round_, joint in ((0, False), (4, False), (5, True), (99, True)):
        generator.set_round(round_)
        fakes, condition = generator.levels(latents, labels, given)
        features, images = scales_of(fakes)
        assert torch.equal(condition, features if joint else given)
        assert torch.equal(images, generator(latents, labels)) is joint
    never = dataclasses.replace(GENERATOR, joint_from=None).build(DIGITS, 5)
    never.set_round(10**9)
    assert not never.joint


def test_only_joined_levels_hand_their_gradient_up_and_only_its_share():
    generator = GENERATOR.build(DIGITS, 5).double()
    latents, labels = torch.rand(4, 5).double(), torch.arange(4)
    top = list(generator.top.parameters())

    def gradients(through):
        images = through()
        return torch.autograd.grad(images.square().sum(), top, allow_unused=True)

    def levels():
        return scales_of(generator.levels(latents, labels, torch.rand(4, 6).double())[0])[1]

    assert all(g is None or not g.any() for g in gradients(levels))
    generator.set_round(5)
    whole = gradients(lambda: generator(latents, labels))
    for share, full in zip(gradients(levels), whole, strict=True):
        torch.testing.assert_close(share, 0.01 * full, rtol=1e-10, atol=1e-16)
    assert any(full.any() for full in whole)


def test_of_both_levels_the_images_are_scored_as_alone():
    generator, critic = GENERATOR.build(DIGITS, 5), CRITIC.build(DIGITS)
    fakes, _ = generator.levels(torch.rand(4, 5), torch.arange(4), torch.rand(4, 6))
    both, alone = critic(fakes), critic(scales_of(fakes)[1])
    assert both.levels.shape == (4, 2) and torch.equal(both.score, both.levels[:, 1])
    assert torch.equal(both.score, alone.score) and alone.levels is None and alone.recovered is None
    assert [noise.shape for noise in both.recovered] == [(4, 3), (4, 2)]


@pytest.mark.parametrize(
    "sample", [DIGITS, SampleSpec((3, 28, 28), 4), SampleSpec((3, 32, 32), 2), SampleSpec((3, 48, 32), 2)], ids=str
)
def test_an_encoder_s_features_are_not_negative_and_its_logits_are_those_of_its_features(sample):
    encoder = ClassifierEncoder(4, 6, features=7).build(sample)
    images = torch.rand(3, *sample.shape)
    features = encoder.features(images)
    assert features.shape == (3, 7) and features.min() >= 0
    assert torch.equal(encoder(images), encoder.logits(features)) and encoder(images).shape == (3, sample.classes)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: GENERATOR.build(SampleSpec((1, 8, 8)), 5), "StackedGenerator needs data with labels"),
        (lambda: ClassifierEncoder().build(SampleSpec((1, 8, 8))), "ClassifierEncoder needs data with labels"),
        (lambda: ClassifierEncoder().build(SampleSpec((2,), 3)), "is for images"),
        (lambda: ClassifierEncoder(padded=False).build(DIGITS), "bring them to 28 or 32 px"),
        (lambda: GENERATOR.build(DIGITS, 3), "allowed: 1 to 2"),
        (lambda: StackedGenerator(ResNetGenerator(conditional=True)), "make it false"),
        (lambda: StackedGenerator(joint_from=-1), "joint_from is -1"),
        (lambda: StackedGenerator(joint_weight=-0.1), "joint_weight is -0.1"),
        (lambda: StackedCritic(DCGANCritic(class_logits=True)).build(DIGITS), "has class_logits"),
        (lambda: StackedCritic(DCGANCritic(packing=2)).build(DIGITS), "has packing"),
        (lambda: SGANImageGenerator().build(DIGITS, 5), "28 or 32 px"),
        (lambda: SGANImageCritic(dropout=1.0), "dropout is 1"),
        (lambda: LabelledGenerator().build(SampleSpec((1, 8, 8)), 5), "LabelledGenerator needs data with labels"),
    ],
)
def test_what_cannot_be_built_is_one_line(make, said):
    with pytest.raises(SteadyganError) as error:
        make()
    assert said in str(error.value) and "\n" not in str(error.value)
