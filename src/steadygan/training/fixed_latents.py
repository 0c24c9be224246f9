"""Samples of fixed latents from the averaged generator: pictures and evaluations that are comparable across rounds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from steadygan.ema import reestimate_statistics
from steadygan.measuring import preserved_buffers
from steadygan.networks.layers.inspect import is_conditional, settle
from steadygan.networks.layers.passes import in_passes
from steadygan.representations import decode_scales
from steadygan.rng import Stream, draw_labels, draw_random, stream_generator, torch_seeded
from steadygan.run.standing_statistics import BATCHES, statistics_latents
from steadygan.types import Batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from steadygan.data.dataset import Labels, Samples
    from steadygan.recipe import Recipe
    from steadygan.training.step.game import Game

_PICTURE_STATISTICS_BATCHES = 4  # half of a picture's cost went into the 16
_POINTS = 1000  # in a picture, at least
_MIN_COLUMNS = 4


def settle_average(game: Game, *, roughly: bool = False) -> None:
    """Re-estimates the averaged generator's spectral-norm vectors and batch-norm statistics, in place.

    A function of the players' state: a second call changes nothing.

    Args:
        game: whose average is prepared for sampling
        roughly: take the statistics of fewer samples, for pictures; checkpoints and evaluations take all
    """
    game.copy_buffers()
    settle(game.average)
    with game.autocast():
        batches = _PICTURE_STATISTICS_BATCHES if roughly else BATCHES
        reestimate_statistics(game.average, statistics_latents(game.recipe, game.sample, game.device, batches))


def generate(
    generator: nn.Module,
    recipe: Recipe,
    noise: Tensor,
    labels: Tensor | None,
    device: torch.device,
    batch: int = 256,
) -> Iterator[tuple[Tensor, ...]]:
    """Decoded samples of a generator in eval mode, batch by batch, on the CPU.

    Yields the scales of each batch, coarse to fine; one for samples of a single size.

    Args:
        generator: maps (latents, labels) to samples
        recipe: gives prior and representation
        noise: [N, ...] random numbers of the prior
        labels: [N] or None
        device: of the generator
        batch: samples that are made from one seed of torch's, and yielded together
    """
    with torch.no_grad():
        for start in range(0, len(noise), batch):
            rows = slice(start, start + batch)
            latents = recipe.prior.latents(noise[rows].to(device))
            of_rows = None if labels is None else labels[rows].to(device)
            with torch_seeded(start):
                made = [
                    decode_scales(recipe.representation, samples) for samples in in_passes(generator, latents, of_rows)
                ]
            yield tuple(torch.cat(scale).cpu() for scale in zip(*made, strict=True))


def picture_samples(game: Game) -> list[Samples]:
    """Images [N, C, H, W], points [N, D] or character ids [N, L] of fixed latents, ordered by class.

    One array per scale, coarse to fine.
    """
    count = max(game.recipe.run.pictured, _POINTS) if game.sample.is_points else game.recipe.run.pictured
    labels = ordered_labels(game.sample.classes, count)[0] if is_conditional(game.average) else None
    count = count if labels is None else len(labels)
    batches, _ = _samples(game, count, Stream.PICTURES, Stream.PICTURE_LABELS, labels=labels)
    return [torch.cat(scale).numpy() for scale in zip(*batches, strict=True)]


def picture_columns(game: Game) -> int | None:
    """Samples per row of a picture whose rows are classes; None: any number."""
    if not (game.sample.is_image and is_conditional(game.average)):
        return None
    return ordered_labels(game.sample.classes, game.recipe.run.pictured)[1]


def ordered_labels(classes: int, count: int) -> tuple[Tensor, int | None]:
    """Labels [M] of a picture of M <= ``count`` samples, ordered by class, and the samples per row.

    Each class has its own rows if they hold at least ``_MIN_COLUMNS`` samples; else classes follow one another without
    row breaks (None), evenly spaced if there are more classes than samples.
    """
    each = count // classes
    if each < _MIN_COLUMNS:
        return torch.arange(count) * classes // count, None
    columns = min(each, math.ceil(math.sqrt(count)))
    return torch.arange(classes).repeat_interleave(each - each % columns), columns


def evaluation_samples(
    game: Game, count: int, shares: NDArray[np.float64] | None = None
) -> tuple[Samples, Labels | None]:
    """Samples [N, ...] for evaluation, of latents that are the same in every round, and the labels they were given.

    shares: of the data's classes, with which the samples are compared; None: equal ones
    """
    rng = stream_generator(game.recipe.seed, Stream.EVALUATION_LABELS)
    drawn = draw_labels(game.sample.classes, rng, count, shares=shares)
    batches, labels = _samples(game, count, Stream.EVALUATION, Stream.EVALUATION_LABELS, labels=drawn)
    finest = torch.cat([scales[-1] for scales in batches]).numpy()
    return finest, None if labels is None else labels.numpy()


def drawn_samples(game: Game, count: int) -> None:
    """Draws as many samples as an evaluation would of that count, for their time alone."""
    _samples(game, count, Stream.EVALUATION, Stream.EVALUATION_LABELS)


def _samples(
    game: Game, count: int, noise_stream: Stream, label_stream: Stream, *, labels: Tensor | None = None
) -> tuple[list[tuple[Tensor, ...]], Tensor | None]:
    recipe = game.recipe
    noise = draw_random(recipe.prior.random_spec(), stream_generator(recipe.seed, noise_stream), count)
    if labels is None:
        labels = draw_labels(game.sample.classes, stream_generator(recipe.seed, label_stream), count)
    with game.autocast():
        return list(generate(game.average, recipe, noise, labels, game.device)), labels


def score_points(game: Game) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """The critic's score as a function of points [M, D] -> [M] on the CPU; of a critic of packs, that of M of a kind.

    Groups of a critic that compares samples are neighbours among the points.
    """

    def score(points: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad(), preserved_buffers(game.critic), game.autocast():
            samples = torch.from_numpy(np.ascontiguousarray(points)).to(game.device)
            samples = samples.repeat_interleave(game.packing, dim=0)
            count = len(samples)
            filled = torch.cat([samples, samples[-1:].expand(-count % game.group, -1)])  # to whole groups
            found = game.score(Batch(filled)).score[: count : game.packing]
            scores: NDArray[np.float32] = found.float().cpu().numpy()
            return scores

    return score
