"""Latents of which a generator's batch norms take their statistics for sampling (BigGAN's standing statistics)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from steadygan.rng import Stream, draw_labels, draw_random, stream_generator

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from steadygan.recipe import Recipe
    from steadygan.types import SampleSpec

BATCHES = 16
"""whose statistics are averaged, of the recipe's batch size"""


def statistics_latents(
    recipe: Recipe, sample: SampleSpec, device: torch.device, batches: int = BATCHES
) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Latents and labels for re-estimating batch-norm statistics; the same in every call."""
    noise_rng = stream_generator(recipe.seed, Stream.STATISTICS)
    label_rng = stream_generator(recipe.seed, Stream.STATISTICS_LABELS)
    for _ in range(batches):
        noise = draw_random(recipe.prior.random_spec(), noise_rng, recipe.batch)
        labels = draw_labels(sample.classes, label_rng, recipe.batch)
        yield recipe.prior.latents(noise.to(device)), None if labels is None else labels.to(device)
