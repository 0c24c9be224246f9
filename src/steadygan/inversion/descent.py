"""Gradient descent on the distance of a generator's samples from given targets, from several starts at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.inversion.distances import Absolute
from steadygan.inversion.spaces import LatentSpace
from steadygan.system import progress

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from steadygan.inversion.distances import Distance
    from steadygan.inversion.spaces import Space
    from steadygan.priors import Prior


@dataclass(frozen=True)
class Descent:
    """Adam's steps: the rate rises, stays and falls along half a cosine; noise on the points fades out."""

    steps: int = 300
    rate: float = 0.05
    rise: float = 0.0
    """share of the steps in which the rate rises from 0"""
    fall: float = 1.0
    """share of the steps, the last ones, in which it falls to 0"""
    noise: float = 0.0
    """standard deviation of noise on the points at first, in deviations of the space"""
    quiet: float = 0.75
    """share of the steps after which there is no noise; it fades quadratically until then"""

    def rate_at(self, step: int) -> float:
        """The rate of a step, counted from 0."""
        done = step / self.steps
        left = min(1.0, (1.0 - done) / self.fall)
        risen = min(1.0, done / self.rise) if self.rise else 1.0
        return self.rate * risen * (0.5 - 0.5 * math.cos(math.pi * left))

    def noise_at(self, step: int) -> float:
        """The noise of a step, in deviations of the space."""
        return self.noise * max(0.0, 1.0 - step / self.steps / self.quiet) ** 2


@dataclass(frozen=True)
class Found:
    """What was found for N targets, the best of all starts of each."""

    points: Tensor
    """[N, D]"""
    errors: Tensor
    """[N], by the distance that was descended"""
    labels: Tensor | None
    """[N], those of the best starts"""
    further: tuple[Tensor, ...]
    """[N, ...] each, of the space"""
    tries: Tensor
    """[S, N], the errors of all starts"""


def descend(
    space: Space,
    distance: Distance,
    targets: Tensor,
    starts: Tensor,
    labels: Tensor | None = None,
    descent: Descent | None = None,
    *,
    seed: int = 0,
    watch: Callable[[int, Tensor], None] | None = None,
) -> Found:
    """The points whose samples are nearest to the targets, by Adam from all starts; targets are independent.

    Args:
        space: of the points
        distance: that is made small
        targets: encoded samples [N, ...], as the generator makes them; the finest scale of multi-scale images
        starts: points [S, N, D], S for each target
        labels: [S, N], or None
        descent: its steps; None: the defaults
        seed: of the noise on points, the same for all of them
        watch: called before each step with its number and the samples [S N, ...] at that step
    """
    import torch

    settings = descent or Descent()
    tries, count = starts.shape[:2]
    given = None if labels is None else labels.flatten()
    points = space.nearest(starts.flatten(0, 1)).clone().requires_grad_(True)
    further = [each.requires_grad_(True) for each in space.further(len(points))]
    wanted = tuple(torch.cat([each] * tries) for each in distance.describe(targets))
    optimizer = torch.optim.Adam([points, *further], lr=settings.rate)
    random = torch.Generator().manual_seed(seed)
    with torch.enable_grad():
        for step in progress.steps("finding latents", range(settings.steps)):
            optimizer.param_groups[0]["lr"] = settings.rate_at(step)
            moved = _noisy(points, space.deviation * settings.noise_at(step), random)
            samples = space.samples(moved, given, further)
            if watch is not None:
                watch(step, samples.detach())
            error = distance.between(distance.describe(samples), wanted) + space.cost(further)
            gradients = torch.autograd.grad(error.sum(), [points, *further], allow_unused=True)
            for variable, gradient in zip([points, *further], gradients, strict=True):
                variable.grad = gradient
            optimizer.step()
            with torch.no_grad():
                points.copy_(space.nearest(points))
                space.settle(further)
    with torch.no_grad():
        made = distance.describe(space.samples(points, given, further))
        errors = distance.between(made, wanted).reshape(tries, count)
    return _best(points.detach(), errors, given, [each.detach() for each in further])


def _noisy(points: Tensor, deviation: float, random: torch.Generator) -> Tensor:
    import torch

    if deviation == 0.0:
        return points
    return points + deviation * torch.randn(1, *points.shape[1:], generator=random).to(points.dtype)


def _best(points: Tensor, errors: Tensor, labels: Tensor | None, further: Sequence[Tensor]) -> Found:
    """Of each target the start with the least error; one that is no number counts as the worst."""
    import torch

    count = errors.shape[1]
    error, best = errors.nan_to_num(nan=math.inf).min(0)
    rows = best * count + torch.arange(count)
    chosen = None if labels is None else labels[rows]
    return Found(points[rows], error, chosen, tuple(each[rows] for each in further), errors)


def find_latents(
    generator: nn.Module,
    prior: Prior,
    targets: Tensor,
    starts: Tensor,
    labels: Tensor | None = None,
    *,
    steps: int = 300,
    rate: float = 0.05,
) -> tuple[Tensor, Tensor]:
    """Latents [N, size] whose samples are near the targets, and the mean absolute errors, [N].

    Adam on mean |x - G(z)|, each latent projected onto the prior's support after each step; the rate follows half a
    cosine to 0. The best start of each sample is returned; samples are independent. Berthelot et al. 2017, BEGAN,
    invert real images and their mirror images in this way (settings unconfirmed).

    Args:
        generator: in eval mode; its weights are not changed
        prior: of its latents
        targets: encoded samples [N, ...], as the generator makes them; the finest scale of multi-scale images
        starts: initial latents [S, N, size], S for each target
        labels: [N] or None
        steps: of Adam
        rate: initial rate of Adam
    """
    given = None if labels is None else labels.expand(len(starts), -1)
    space = LatentSpace(generator, prior)
    found = descend(space, Absolute(), targets, starts, given, Descent(steps, rate))
    return found.points, found.errors
