"""Sampling from a truncated prior (Brock et al. 2019, BigGAN, section 3.1): less variety, more typical samples."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from steadygan.checks import above
from steadygan.errors import UsageError
from steadygan.priors import Normal, TruncatedNormal

if TYPE_CHECKING:
    from torch import nn

    from steadygan.recipe import Recipe
    from steadygan.types import SampleSpec


def with_truncated_prior(recipe: Recipe, threshold: float) -> Recipe:
    """The recipe with N(0, I) truncated at a threshold; the smaller one, if its prior is truncated already.

    Raises:
        UsageError: for another prior, and for a threshold that is not above 0.
    """
    above("truncation", threshold, 0)
    prior = recipe.prior
    if not isinstance(prior, Normal | TruncatedNormal):
        raise UsageError(
            f"truncation is for latents of a normal prior, but those of '{recipe.name}' are of {type(prior).__name__}: "
            "sample without it"
        )
    if isinstance(prior, TruncatedNormal):
        threshold = min(threshold, prior.threshold)
    return dataclasses.replace(recipe, prior=TruncatedNormal(prior.size, threshold))


def take_statistics(generator: nn.Module, recipe: Recipe, sample: SampleSpec) -> None:
    """Takes a generator's batch-norm statistics anew, of samples from the recipe's prior, where that makes sense.

    That is where the latent also sets scales and offsets of norms (BigGAN's chunks). Where it enters at the first layer
    alone, new statistics would scale the narrower latents up again, and there would be no truncation: those of the
    whole prior stay.
    """
    import torch

    from steadygan.ema import reestimate_statistics
    from steadygan.networks.layers.inspect import is_modulated_by_latent
    from steadygan.run.standing_statistics import statistics_latents

    if is_modulated_by_latent(generator):
        reestimate_statistics(generator, statistics_latents(recipe, sample, torch.device("cpu")))
