"""Inversion of given samples by a run's generator, in z, or in w of StyleGAN2 (projection)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steadygan.checks import whole_number
from steadygan.errors import UsageError
from steadygan.run.latent_files import LatentPoints, samples_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from steadygan.data.classes import Asked
    from steadygan.data.dataset import Samples
    from steadygan.inversion import Descent, Distance, Space
    from steadygan.run.folder import Weights
    from steadygan.run.generating import GeneratingRun

POOL, POOL_OF_CLASS = 256, 8
"""drawn points of which starts are chosen, and how many of each class there are at least"""
MAPPED = 10_000
"""latents that mean and deviation of w are taken of"""
AT_ONCE = 64
"""descents in one batch"""
FRAMES = 40
"""samples kept of the way"""


@dataclass(frozen=True)
class Inversion:
    """Latents of N given samples, and what the generator makes of them."""

    latents: LatentPoints
    reconstructions: Samples
    """[N, ...], in the units of the data"""
    errors: NDArray[np.float64]
    """[N]: of pictures the mean absolute difference in levels of 255, of others the root mean square in units"""
    first_errors: NDArray[np.float64]
    """[N]: of the samples that the descent began with: the best of all starts, or the mean of w"""
    tries: NDArray[np.float64]
    """[S, N]: the distance that was descended, of each start"""
    distance: str
    """its words"""
    frames: tuple[Samples, ...]
    """samples [N, ...] on the way, the first and the last included; () if it was not kept"""


def invert(
    run: GeneratingRun,
    samples: Samples,
    *,
    steps: int = 300,
    starts: int = 8,
    seed: int = 0,
    label: Asked | None = None,
    weights: Weights = "average",
    round_: int | None = None,
) -> Inversion:
    """Latents z whose samples are nearest to given ones, by squared differences, from several starts.

    Of a conditional generator without a given label the class is found too: starts are chosen among all classes.

    Args:
        run: with the generator
        samples: [N, ...] in the units of the data; uint8 of pictures
        steps: of Adam
        starts: descents for each sample, of which the best counts
        seed: decides the points that starts are chosen of
        label: classes of the samples, in turn; None: they are found
        weights: the average of the generator's weights, or the raw ones
        round_: of the checkpoint; None: the last

    Raises:
        UsageError: for samples of another form, and numbers below 1.
    """
    import torch

    from steadygan.inversion import Descent, LatentSpace, Squares, chosen_starts

    targets = encoded(run, samples)
    _check_numbers(steps, starts)
    network = run.generator_of(weights, round_)
    space, distance = LatentSpace(network, run.recipe.prior, limits(run)), Squares()
    classes = run.sample_spec.classes if run.conditional else 0
    count = max(POOL, starts, 0 if label is not None else POOL_OF_CLASS * classes)
    pool = run.latents(count, seed)
    asked = run.labels(len(targets), seed, label) if classes and label is not None else None
    drawn = None if not classes else torch.arange(count) % classes

    def starts_of(rows: slice) -> tuple[Tensor, Tensor | None]:
        if asked is None:
            return chosen_starts(space, distance, targets[rows], pool, drawn, starts)
        each = [
            chosen_starts(space, distance, targets[i : i + 1], pool, asked[i : i + 1].expand(count), starts)
            for i in range(*rows.indices(len(targets)))
        ]
        labels = [one.labels for one in each if one.labels is not None]
        return torch.cat([one.points for one in each], 1), torch.cat(labels, 1)

    return _inverted(run, network, space, distance, samples, targets, starts_of, starts, Descent(steps), seed, False)


def project(
    run: GeneratingRun,
    images: NDArray[np.uint8],
    *,
    steps: int = 500,
    starts: int = 1,
    seed: int = 0,
    label: Asked | None = None,
    weights: Weights = "average",
    round_: int | None = None,
) -> Inversion:
    """Projection of images into w of StyleGAN2 (Karras et al. 2020, appendix D): one style and the noise of all layers.

    Adam from the mean of w, at a rate that rises in the first 1/20 to 0.1 and falls in the last quarter; noise of
    0.05 deviations of w on the style fades out in the first three quarters; noise maps are kept white. The paper's
    distance, LPIPS of VGG-16, needs weights that are no part of a run: layers of the run's critic stand in for it, and
    pixels at several scales; where the critic has no such layers, pixels alone.

    Args:
        run: with the generator and the critic
        images: uint8 [N, C, H, W]
        steps: of Adam; 1,000 in the paper
        starts: descents for each image: the mean of w, and mapped latents near the image
        seed: decides mean and deviation of w, the noise, and further starts
        label: classes of the images, in turn, for a conditional generator; None: drawn by the seed
        weights: the average of the generator's weights, or the raw ones
        round_: of the checkpoint; None: the last

    Raises:
        UsageError: for a generator without styles, for other images, and numbers below 1.
    """
    import torch

    from steadygan.inversion import CriticAndPixels, Descent, Squares, StyleSpace, chosen_starts, critic_layers
    from steadygan.run.styles import style_based

    network = run.generator_of(weights, round_)
    generator = style_based(network, "projection into w")
    targets = encoded(run, images)
    _check_numbers(steps, starts)
    labels = run.labels(len(targets), seed, label) if run.conditional else None
    layers = critic_layers(run.critic)
    distance: Distance = CriticAndPixels(layers) if layers else Squares()
    mapped = run.latents(MAPPED, seed)
    descent = Descent(steps, rate=0.1, rise=0.05, fall=0.25, noise=0.05)
    found = []
    for number in range(1) if labels is None else sorted(set(labels.tolist())):
        rows = torch.arange(len(targets)) if labels is None else (labels == number).nonzero().flatten()
        given = None if labels is None else labels.new_full((MAPPED,), number)
        space = StyleSpace(generator, mapped, given, seed, limits(run))

        def starts_of(
            part: slice, space: StyleSpace = space, rows: Tensor = rows, number: int = number
        ) -> tuple[Tensor, Tensor | None]:
            wanted = targets[rows][part]
            first = space.mean.expand(1, len(wanted), -1)
            if starts > 1:
                pool = space.styles[: max(POOL, starts)]
                more = chosen_starts(space, distance, wanted, pool, None, starts - 1).points
                first = torch.cat([first, more])
            return first, None if labels is None else labels.new_full(first.shape[:2], number)

        part = images[rows.numpy()]
        found.append(
            _inverted(run, network, space, distance, part, targets[rows], starts_of, starts, descent, seed, True)
        )
    if labels is None:
        return found[0]
    order = torch.cat([(labels == number).nonzero().flatten() for number in sorted(set(labels.tolist()))]).argsort()
    return _joined(found, order)


def encoded(run: GeneratingRun, samples: Samples) -> Tensor:
    """Samples [N, ...] in the units of the data, as the generator makes them.

    Raises:
        UsageError: for another shape or type, numbers that are not finite, and text.
    """
    import torch

    from steadygan.types import scales_of

    spec = run.sample_spec
    if spec.is_text:
        raise UsageError(f"{run.folder} makes text, whose characters have no gradient; inversion is for numbers")
    right = samples.dtype == np.uint8 if spec.is_picture else samples.dtype.kind in "fiu"
    if not right or samples.shape[1:] != spec.shape or not len(samples):
        needed = "uint8" if spec.is_picture else "numbers"
        raise UsageError(
            f"samples are {samples.dtype} {list(samples.shape)}; needed: {needed} [N, "
            f"{', '.join(map(str, spec.shape))}]"
        )
    if not np.isfinite(samples).all():
        raise UsageError("samples hold numbers that are not finite")
    units = run.data.units
    stored = samples if spec.is_picture else samples.astype(np.float32) if units is None else units.scaled(samples)
    return scales_of(run.recipe.representation.encode(torch.from_numpy(np.ascontiguousarray(stored))))[-1]


def limits(run: GeneratingRun) -> tuple[float, float] | None:
    """What black and white are to the generator: pictures are shown within these; None for other samples."""
    if not run.sample_spec.is_picture:
        return None
    black, white = (encoded(run, np.full((1, *run.sample_spec.shape), level, np.uint8)) for level in (0, 255))
    return float(black.min()), float(white.max())


def _check_numbers(steps: int, starts: int) -> None:
    whole_number("steps", steps, 1, 1_000_000)
    whole_number("starts", starts, 1, 1_000)


def _inverted(
    run: GeneratingRun,
    network: nn.Module,
    space: Space,
    distance: Distance,
    samples: Samples,
    targets: Tensor,
    starts_of: Callable[[slice], tuple[Tensor, Tensor | None]],
    tries: int,
    descent: Descent,
    seed: int,
    styles: bool,
) -> Inversion:
    import torch

    from steadygan.inversion import descend

    parts = []
    size = max(1, AT_ONCE // tries)
    for i in range(0, len(targets), size):
        rows = slice(i, i + size)
        points, labels = starts_of(rows)
        way: dict[int, torch.Tensor] = {}
        shown = {round(k * (descent.steps - 1) / (FRAMES - 1)) for k in range(FRAMES)} if styles else {0}

        def watch(step: int, made: torch.Tensor, way: dict[int, torch.Tensor] = way, shown: set[int] = shown) -> None:
            if step in shown:
                way[step] = made

        found = descend(space, distance, targets[rows], points, labels, descent, seed=seed, watch=watch)
        best = found.tries.nan_to_num(nan=torch.inf).argmin(0)
        count = len(best)
        first = way[0].reshape(tries, count, *way[0].shape[1:])
        begun = _decoded(run, first.flatten(0, 1))
        of_starts = difference(run, begun, np.concatenate([samples[rows]] * tries)).reshape(tries, count).min(0)
        latents = LatentPoints("w" if styles else "z", found.points, found.labels, found.further)
        made = samples_of(run, network, latents)
        chosen = best * count + torch.arange(count)
        frames = (*(_decoded(run, way[step][chosen]) for step in sorted(way)), made) if styles else ()
        parts.append(
            Inversion(
                latents,
                made,
                difference(run, made, samples[rows]),
                of_starts,
                found.tries.double().numpy(),
                distance.words,
                frames,
            )
        )
    return _joined(parts)


def _decoded(run: GeneratingRun, made: Tensor) -> Samples:
    from steadygan.representations import decode_scales

    return run.in_units(decode_scales(run.recipe.representation, made)[-1].numpy())


def difference(run: GeneratingRun, made: Samples, wanted: Samples) -> NDArray[np.float64]:
    """[N]: of pictures the mean absolute difference in levels of 255, of others the root mean square in units."""
    off = (made.astype(np.float64) - wanted.astype(np.float64)).reshape(len(made), -1)
    result: NDArray[np.float64] = np.abs(off).mean(1) if run.sample_spec.is_picture else np.sqrt((off**2).mean(1))
    return result


def _joined(parts: list[Inversion], order: Tensor | None = None) -> Inversion:
    """Several inversions as one, in an order of their samples."""
    import torch

    if len(parts) == 1 and order is None:
        return parts[0]
    count = sum(len(part.latents) for part in parts)
    rows = torch.arange(count) if order is None else order
    index = rows.numpy()
    first = parts[0].latents
    latents = LatentPoints(
        first.space,
        torch.cat([part.latents.points for part in parts])[rows],
        None if first.labels is None else torch.cat([_labels(part) for part in parts])[rows],
        tuple(torch.cat(maps)[rows] for maps in zip(*(part.latents.noise for part in parts), strict=True)),
    )
    return Inversion(
        latents,
        np.concatenate([part.reconstructions for part in parts])[index],
        np.concatenate([part.errors for part in parts])[index],
        np.concatenate([part.first_errors for part in parts])[index],
        np.concatenate([part.tries for part in parts], 1)[:, index],
        parts[0].distance,
        tuple(np.concatenate(frames)[index] for frames in zip(*(part.frames for part in parts), strict=True)),
    )


def _labels(part: Inversion) -> Tensor:
    assert part.latents.labels is not None
    return part.latents.labels
