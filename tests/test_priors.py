"""Priors: pure maps of the noise that is drawn for them."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from scipy.stats import truncnorm

from steadygan.errors import UsageError
from steadygan.priors import Normal, Prior, TruncatedNormal, Uniform
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


@pytest.mark.parametrize("threshold", [0.04, 0.5, 2.0, 6.0])
def test_truncated_latents_have_the_distribution_of_drawing_anew_what_lies_beyond(threshold: float) -> None:
    """P(z <= x) = (Phi(x) - Phi(-t)) / (Phi(t) - Phi(-t)) for |x| <= t, by scipy; nothing lies beyond."""
    levels = torch.linspace(0.0005, 0.9995, 1000, dtype=torch.float64)
    latents = TruncatedNormal(1, threshold).latents(torch.special.ndtri(levels)[:, None])[:, 0]
    expected = truncnorm(-threshold, threshold).ppf(levels.numpy())
    torch.testing.assert_close(latents, torch.from_numpy(expected), rtol=1e-9, atol=1e-9)
    far = TruncatedNormal(3, threshold).latents(torch.tensor([[-40.0, 0.0, 40.0]]))
    torch.testing.assert_close(far, torch.tensor([[-threshold, 0.0, threshold]]))


def test_a_wide_truncation_is_the_normal_prior_and_keeps_the_type() -> None:
    noise = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    latents = TruncatedNormal(4, 50.0).latents(noise)
    assert latents.dtype == noise.dtype
    torch.testing.assert_close(latents, noise, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("threshold", [0.0, -1.0, float("nan"), float("inf")])
def test_a_threshold_that_leaves_nothing_is_refused(threshold: float) -> None:
    with pytest.raises(UsageError, match=r"TruncatedNormal.threshold"):
        TruncatedNormal(3, threshold)


@pytest.mark.parametrize("kind", [Normal, Uniform, TruncatedNormal])
def test_the_noise_that_went_in_is_not_changed(kind: type) -> None:
    noise = torch.rand(4, 2)
    before = noise.clone()
    kind(2).latents(noise)
    assert torch.equal(noise, before)


def test_default_sizes_are_those_of_the_papers() -> None:
    assert Normal().size == 128 and Uniform().size == 64


@pytest.mark.parametrize("kind", [Normal, Uniform, TruncatedNormal])
@pytest.mark.parametrize("size", [0, -3])
def test_a_latent_without_numbers_is_refused(kind: type, size: int) -> None:
    with pytest.raises(UsageError, match=rf"{kind.__name__}.size is {size}"):
        kind(size)


def test_every_prior_is_one_that_recipes_can_name() -> None:
    assert set(get_args(Prior)) == {Normal, Uniform, TruncatedNormal}


def test_the_nearest_latents_are_those_that_can_be_drawn() -> None:
    latents = torch.tensor([[-3.0, -1.0, 0.25], [1.0, 1.5, -0.5]])
    assert torch.equal(Normal(3).nearest(latents), latents)
    assert Uniform(3).nearest(latents).tolist() == [[-1.0, -1.0, 0.25], [1.0, 1.0, -0.5]]
    drawn = Uniform(4).latents(torch.rand(20, 4))
    assert torch.equal(Uniform(4).nearest(drawn), drawn)


def test_random_numbers_have_a_known_distribution() -> None:
    with pytest.raises(UsageError, match=r"RandomSpec.distribution is 'normall'; allowed: normal, uniform; did you"):
        RandomSpec("normall")  # type: ignore[arg-type]
