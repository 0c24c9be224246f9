"""What an inversion of given samples gives, and the descents that find it, in parts that fit in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steadygan.data.alpha import over_white
from steadygan.errors import UsageError
from steadygan.run.latent_files import LatentPoints, samples_of
from steadygan.types import has_alpha

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from steadygan.data.dataset import Samples
    from steadygan.inversion import Descent, Distance, Space
    from steadygan.run.generating import GeneratingRun

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


def inverted(
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
    """The best of several descents for each target, in parts of ``AT_ONCE``.

    Args:
        run: with the units of its samples
        network: its generator
        space: of the points
        distance: that is descended
        samples: [N, ...] in the units of the data
        targets: the same as the generator makes them
        starts_of: points [S, n, ...] and labels [S, n] to start from, for a slice of the targets
        tries: S
        descent: steps and rates
        seed: of the noise on the way
        styles: True for points in w, of which the way is kept
    """
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
        begun = run.decoded(first.flatten(0, 1))
        of_starts = difference(run, begun, np.concatenate([samples[rows]] * tries)).reshape(tries, count).min(0)
        latents = LatentPoints("w" if styles else "z", found.points, found.labels, found.further)
        made = samples_of(run, network, latents)
        chosen = best * count + torch.arange(count)
        frames = (*(run.decoded(way[step][chosen]) for step in sorted(way)), made) if styles else ()
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
    return joined(parts)


def difference(run: GeneratingRun, made: Samples, wanted: Samples) -> NDArray[np.float64]:
    """[N]: of pictures the mean absolute difference in levels of 255, of others the root mean square in units."""
    made, wanted = compared(run, made), compared(run, wanted)
    off = (made.astype(np.float64) - wanted.astype(np.float64)).reshape(len(made), -1)
    result: NDArray[np.float64] = np.abs(off).mean(1) if run.sample_spec.is_picture else np.sqrt((off**2).mean(1))
    return result


def compared(run: GeneratingRun, samples: Samples) -> Samples:
    """Samples [N, ...] as they are compared: colours that networks see over white are composited, beside alpha.

    What lies under transparent pixels is anything in files, and white in generated pictures.
    """
    representation = run.recipe.representation
    colour = getattr(getattr(representation, "image", representation), "colour", "as_stored")
    if not run.sample_spec.is_picture or colour != "over_white" or not has_alpha(samples.shape[1]):
        return samples
    return np.concatenate([over_white(samples), samples[:, -1:]], 1)


def joined(parts: list[Inversion], order: Tensor | None = None) -> Inversion:
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
