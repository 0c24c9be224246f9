"""Priors: pure maps of the noise that is drawn for them."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.priors import Normal, Prior, Uniform
from steadygan.types import RandomSpec


def test_normal_latents_are_the_noise_itself() -> None:
    noise = torch.randn(5, 7)
    assert Normal(7).random_spec() == RandomSpec("normal", (7,))
    assert torch.equal(Normal(7).latents(noise), noise)


def test_uniform_latents_fill_minus_one_to_one() -> None:
    assert Uniform(3).random_spec() == RandomSpec("uniform", (3,))
    ends = torch.tensor([[0.0, 0.25, 0.5], [0.75, 0.999, 1.0]])
    expected = torch.tensor([[-1.0, -0.5, 0.0], [0.5, 0.998, 1.0]])
    torch.testing.assert_close(Uniform(3).latents(ends), expected)
    latents = Uniform(1).latents(torch.rand(10_000, 1))
    assert latents.min() >= -1 and latents.max() < 1
    assert latents.mean().abs() < 0.03 and abs(latents.var().item() - 1 / 3) < 0.02


@pytest.mark.parametrize("kind", [Normal, Uniform])
def test_the_noise_that_went_in_is_not_changed(kind: type) -> None:
    noise = torch.rand(4, 2)
    before = noise.clone()
    kind(2).latents(noise)
    assert torch.equal(noise, before)


def test_default_sizes_are_those_of_the_papers() -> None:
    assert Normal().size == 128 and Uniform().size == 64


@pytest.mark.parametrize("kind", [Normal, Uniform])
@pytest.mark.parametrize("size", [0, -3])
def test_a_latent_without_numbers_is_refused(kind: type, size: int) -> None:
    with pytest.raises(UsageError, match=rf"{kind.__name__}.size is {size}"):
        kind(size)


def test_every_prior_is_one_that_recipes_can_name() -> None:
    assert set(get_args(Prior)) == {Normal, Uniform}


def test_the_nearest_latents_are_those_that_can_be_drawn() -> None:
    latents = torch.tensor([[-3.0, -1.0, 0.25], [1.0, 1.5, -0.5]])
    assert torch.equal(Normal(3).nearest(latents), latents)
    assert Uniform(3).nearest(latents).tolist() == [[-1.0, -1.0, 0.25], [1.0, 1.0, -0.5]]
    drawn = Uniform(4).latents(torch.rand(20, 4))
    assert torch.equal(Uniform(4).nearest(drawn), drawn)
