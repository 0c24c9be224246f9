"""Inversion of given samples by a run's generator, in z, or in w of StyleGAN2 (projection)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from steadygan.checks import whole_number
from steadygan.run.given import as_labels
from steadygan.run.inversion_parts import AT_ONCE, Inversion, encoded, inverted, joined, limits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from steadygan.data.classes import Asked
    from steadygan.data.dataset import Samples
    from steadygan.inversion import Distance
    from steadygan.run.folder import Weights
    from steadygan.run.generating import GeneratingRun

__all__ = ["Inversion", "InversionOptions", "find_latents", "invert", "project"]

POOL, POOL_OF_CLASS = 256, 8
"""drawn points of which starts are chosen, and how many of each class there are at least"""
MAPPED = 10_000
"""latents that mean and deviation of w are taken of"""


class InversionOptions(TypedDict, total=False):
    """Keywords of ``invert`` and ``project``, which say what each means and what it is without."""

    steps: int
    starts: int
    seed: int
    label: Asked | None
    weights: Weights
    round_: int | None


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

    return inverted(run, network, space, distance, samples, targets, starts_of, starts, Descent(steps), seed, False)


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
            inverted(run, network, space, distance, part, targets[rows], starts_of, starts, descent, seed, True)
        )
    if labels is None:
        return found[0]
    order = torch.cat([(labels == number).nonzero().flatten() for number in sorted(set(labels.tolist()))]).argsort()
    return joined(found, order)


def find_latents(
    run: GeneratingRun,
    images: NDArray[np.uint8],
    steps: int = 300,
    seed: int = 0,
    *,
    starts: int = 4,
    labels: Tensor | None = None,
    weights: Weights = "average",
    round_: int | None = None,
) -> Tensor:
    """Latents [N, size] whose samples come nearest to given images by mean |x - G(z)|, as of BEGAN's interpolations.

    Args:
        run: with the generator
        images: uint8 [N, C, H, W] of the run's shape
        steps: of Adam
        seed: decides the initial latents
        starts: initial latents for each image, of which the best result is kept
        labels: [N], for conditional generators
        weights: the average of the generator's weights, or the raw ones
        round_: of the checkpoint; None: the last

    Raises:
        UsageError: for other images or labels, for runs that make no pictures, and numbers below 1.
    """
    import torch

    from steadygan import inversion

    run.need_pictures("inverted")
    targets = encoded(run, images)
    _check_numbers(steps, starts)
    if labels is not None:
        labels = as_labels(labels, len(targets), run.sample_spec.classes)
    prior, generator = run.recipe.prior, run.generator_of(weights, round_)
    initial = run.latents(starts * len(images), seed).reshape(starts, len(images), prior.size)
    found = []
    for first in range(0, len(images), AT_ONCE):
        rows = slice(first, first + AT_ONCE)
        given = None if labels is None else labels[rows]
        found.append(inversion.find_latents(generator, prior, targets[rows], initial[:, rows], given, steps=steps)[0])
    return torch.cat(found)


def _check_numbers(steps: int, starts: int) -> None:
    whole_number("steps", steps, 1, 1_000_000)
    whole_number("starts", starts, 1, 1_000)
