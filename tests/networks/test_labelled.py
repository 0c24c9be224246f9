"""Generators whose latents carry the class."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from steadygan.errors import UsageError
from steadygan.networks import (
    BEGANGenerator,
    DCGANGenerator,
    LabelledGenerator,
    MLPGenerator,
    MultiScaleGenerator,
    ProGANGenerator,
    SubpixelGenerator,
)
from steadygan.types import scales_of
from tests.networks.maps import CIFAR, DIGITS


@pytest.mark.parametrize("label", ["concat", "multiply"])
@pytest.mark.parametrize(
    "network",
    [
        DCGANGenerator(4),
        MLPGenerator(8),
        BEGANGenerator(4),
        MultiScaleGenerator(4),
        SubpixelGenerator(4),
        ProGANGenerator(32, 8),
    ],
)
def test_a_labelled_generator_makes_another_sample_for_another_class(network, label) -> None:
    generator = LabelledGenerator(network, label).build(DIGITS, 5).eval()
    latents = torch.randn(1, 5).expand(10, 5)
    samples = scales_of(generator(latents, torch.arange(10)))[-1]
    assert samples.shape == (10, 1, 8, 8) and samples.dtype == torch.float32
    assert torch.pdist(samples.flatten(1)).min() > 1e-4
    assert torch.allclose(scales_of(generator(latents[:1], torch.tensor([3])))[-1], samples[3:4], atol=1e-6)


def test_concat_puts_the_class_after_the_latent_and_multiply_scales_it() -> None:
    latents, labels = torch.randn(3, 5), torch.tensor([2, 0, 9])
    concat = LabelledGenerator(MLPGenerator(8)).build(DIGITS, 5)
    assert torch.equal(concat.labelling(latents, labels), torch.cat([latents, F.one_hot(labels, 10).float()], 1))
    multiply = LabelledGenerator(MLPGenerator(8), "multiply").build(DIGITS, 5)
    vectors = multiply.labelling.vectors.weight
    assert vectors.shape == (10, 5) and torch.equal(multiply.labelling(latents, labels), latents * vectors[labels])


def test_labelled_generators_are_conditional_and_plain_ones_are_not() -> None:
    assert LabelledGenerator.conditional and LabelledGenerator().conditional
    assert not getattr(DCGANGenerator(), "conditional", False)


def test_missing_labels_are_one_line() -> None:
    with pytest.raises(
        UsageError, match="needs data with labels of 2 classes or more, but a sample is 3x32x32"
    ) as error:
        LabelledGenerator().build(CIFAR, 5)
    assert "\n" not in str(error.value)
    with pytest.raises(UsageError, match="is conditional, but got no labels"):
        LabelledGenerator(MLPGenerator(8)).build(DIGITS, 5)(torch.randn(2, 5))


def test_the_weights_of_a_labelled_generator_hold_no_table_of_class_numbers() -> None:
    generator = LabelledGenerator(MLPGenerator(8)).build(DIGITS, 5)
    assert set(generator.state_dict()) == {name for name, _ in generator.named_parameters()}
