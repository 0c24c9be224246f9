"""Samples of fixed latents from the averaged generator, for pictures that can be compared across rounds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from steadygan.ema import reestimate_statistics
from steadygan.networks import takes_classes
from steadygan.networks.layers.inspect import settle
from steadygan.representations import decode_scales
from steadygan.rng import Stream, draw_labels, draw_random, stream_generator
from steadygan.training.measurements import kept_buffers
from steadygan.types import Batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from steadygan.data.dataset import Labels, Samples
    from steadygan.recipe import Recipe
    from steadygan.training.step.game import Game
    from steadygan.types import SampleSpec

_STATISTICS_BATCHES = 16
_PICTURED_BATCHES = 4  # half of what a picture cost went into the sixteen
_POINTS = 1000
_COLUMNS = 4


def statistics_latents(
    recipe: Recipe, sample: SampleSpec, device: torch.device, batches: int = _STATISTICS_BATCHES
) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Latents and labels that batch-norm statistics are re-estimated on; the same in every call."""
    noise_rng = stream_generator(recipe.seed, Stream.STATISTICS)
    label_rng = stream_generator(recipe.seed, Stream.STATISTICS_LABELS)
    for _ in range(batches):
        noise = draw_random(recipe.prior.random_spec(), noise_rng, recipe.batch)
        labels = draw_labels(sample.classes, label_rng, recipe.batch)
        yield recipe.prior.latents(noise.to(device)), None if labels is None else labels.to(device)


def settle_average(game: Game, *, roughly: bool = False) -> None:
    """Fits what the averaged generator remembers of its weights to them, in place, then its batch-norm statistics.

    A function of the players' state: a second call changes nothing. Roughly: the statistics of fewer samples, as
    pictures have them; what is saved and judged has all.
    """
    game.copy_buffers()
    settle(game.average)
    with game.autocast():
        batches = _PICTURED_BATCHES if roughly else _STATISTICS_BATCHES
        reestimate_statistics(game.average, statistics_latents(game.recipe, game.sample, game.device, batches))


def generate(
    generator: nn.Module,
    recipe: Recipe,
    noise: Tensor,
    labels: Tensor | None,
    device: torch.device,
    batch: int = 256,
) -> Iterator[tuple[Tensor, ...]]:
    """What a generator in eval mode makes of the prior's noise, decoded, on the host, batch by batch.

    Each batch has its scales, coarse to fine; one where samples have one size.
    """
    with torch.no_grad():
        for start in range(0, len(noise), batch):
            part = recipe.prior.latents(noise[start : start + batch].to(device))
            chosen = None if labels is None else labels[start : start + batch].to(device)
            yield tuple(scale.cpu() for scale in decode_scales(recipe.representation, generator(part, chosen)))


def picture_samples(game: Game) -> list[Samples]:
    """Images [N, C, H, W], points [N, D] or ids of text [N, L] of fixed latents, in order of the classes asked.

    One array a scale, coarse to fine.
    """
    count = max(game.recipe.run.pictured, _POINTS) if game.sample.is_points else game.recipe.run.pictured
    labels = ordered_labels(game.sample.classes, count)[0] if takes_classes(game.recipe.generator) else None
    count = count if labels is None else len(labels)
    batches, _ = _samples(game, count, Stream.PICTURES, Stream.PICTURE_LABELS, labels=labels)
    return [torch.cat(parts).numpy() for parts in zip(*batches, strict=True)]


def picture_columns(game: Game) -> int | None:
    """How many of the samples of a picture make a row where rows are classes; None: it does not matter."""
    if not (game.sample.is_image and takes_classes(game.recipe.generator)):
        return None
    return ordered_labels(game.sample.classes, game.recipe.run.pictured)[1]


def ordered_labels(classes: int, count: int) -> tuple[Tensor, int | None]:
    """Labels [M] of a picture of M <= ``count`` samples, class by class, and how many samples make a row.

    Each class has rows of its own where that leaves ``_COLUMNS`` or more in a row; else classes follow each other as
    they come, evenly chosen where there are more of them than samples.
    """
    each = count // classes
    if each < _COLUMNS:
        return torch.arange(count) * classes // count, None
    columns = min(each, math.ceil(math.sqrt(count)))
    return torch.arange(classes).repeat_interleave(each - each % columns), columns


def evaluation_samples(game: Game, count: int) -> tuple[Samples, Labels | None]:
    """Samples [N, ...] for judging, of latents that are the same in every round, and the labels they were asked for."""
    batches, labels = _samples(game, count, Stream.EVALUATION, Stream.EVALUATION_LABELS)
    finest = torch.cat([scales[-1] for scales in batches]).numpy()
    return finest, None if labels is None else labels.numpy()


def _samples(
    game: Game, count: int, of_noise: Stream, of_labels: Stream, *, labels: Tensor | None = None
) -> tuple[list[tuple[Tensor, ...]], Tensor | None]:
    recipe = game.recipe
    noise = draw_random(recipe.prior.random_spec(), stream_generator(recipe.seed, of_noise), count)
    if labels is None:
        labels = draw_labels(game.sample.classes, stream_generator(recipe.seed, of_labels), count)
    with game.autocast():
        return list(generate(game.average, recipe, noise, labels, game.device)), labels


def score_points(game: Game) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The critic as a function of points on the host."""

    def score(points: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad(), kept_buffers(game.critic), game.autocast():
            samples = torch.from_numpy(np.ascontiguousarray(points)).to(game.device)
            scores: NDArray[np.float32] = game.score(Batch(samples)).score.float().cpu().numpy()
            return scores

    return score
