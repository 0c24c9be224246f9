"""Norm of the critic's input gradient, |grad D|, which gradient penalties hold (Gulrajani et al. 2017).

A Wasserstein critic should have norms near 1 on lines between real and generated samples. Norms that vanish starve the
generator; norms that explode break the Lipschitz constraint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from steadygan.checks import within
from steadygan.diagnostics.signals.critic_passes import CriticFunction, check_samples, read, scores_and_slopes
from steadygan.errors import UsageError
from steadygan.types import Sample, at_each_scale, sample_count

if TYPE_CHECKING:
    from torch import Tensor


class Slopes(NamedTuple):
    """Norms of the input gradient over the points of one kind, in units of score per unit of distance of samples."""

    mean: float
    deviation: float
    """standard deviation over the points; 0 for one point"""
    quantile: float
    """upper quantile, 95% unless another is asked for"""
    largest: float


class CriticSlope(NamedTuple):
    """Norms at real samples, at generated ones, and at random points of the lines between them."""

    at_real: Slopes
    at_fake: Slopes
    between: Slopes


def critic_slope(
    critic: CriticFunction, real: Sample, fake: Sample, *, seed: int = 0, quantile: float = 0.95
) -> CriticSlope:
    """Norms |grad D| of a critic, at real samples [N, ...], at generated ones [M, ...] and between them [min(N, M)].

    The points between are eps x + (1 - eps) g, one eps ~ U[0, 1) a pair, from ``seed``: the same points each time.
    A score of several patches is their mean. Nothing of the critic changes; one read of the device at the end.

    Known values [measured small-scale], mean between: WGAN-GP 1.0 to 1.2 (lambda 10), 2.7 to 3.8 (lambda 0.1);
    clipping at 0.1 in three layers 10 to 14; at 0.01 in eight layers 2e-11; at 1 in eight layers 1e12; a Wasserstein
    loss without constraint 3e4; a critic that learns too slowly .01 to .1.

    Raises:
        UsageError: samples of two shapes, no samples, scores that are none or do not depend on the samples.
    """
    within("quantile", quantile, 0, 1)
    points = (real, fake, points_between(real, fake, seed))
    numbers = read([each for at in points for each in _summary(scores_and_slopes(critic, at)[1], quantile)])
    return CriticSlope(*(Slopes(*numbers[i : i + 4]) for i in (0, 4, 8)))


def slopes_at(critic: CriticFunction, points: Sample, *, quantile: float = 0.95) -> Slopes:
    """Norms |grad D| of a critic at any points [N, ...]; see ``critic_slope``."""
    within("quantile", quantile, 0, 1)
    return Slopes(*read(_summary(scores_and_slopes(critic, points)[1], quantile)))


def points_between(real: Sample, fake: Sample, seed: int = 0) -> Sample:
    """Points eps x + (1 - eps) g of the first min(N, M) pairs, one eps ~ U[0, 1) a pair for all its scales."""
    import torch

    check_samples(real, "real samples")
    check_samples(fake, "generated samples")
    count = min(sample_count(real), sample_count(fake))
    eps = torch.rand(count, generator=torch.Generator().manual_seed(seed))

    def point(x: Tensor, g: Tensor) -> Tensor:
        if x.shape[1:] != g.shape[1:]:
            raise UsageError(f"real samples are {list(x.shape)}, generated ones {list(g.shape)}; needed: one shape")
        x, g = x[:count].detach(), g[:count].detach()
        dtype = torch.promote_types(x.dtype, g.dtype)
        return torch.lerp(g.to(dtype), x.to(dtype), eps.to(x.device, dtype).view(-1, *[1] * (x.dim() - 1)))

    return at_each_scale(point, real, fake)


def _summary(norms: Tensor, quantile: float) -> list[Tensor]:
    return [norms.mean(), norms.std(correction=0), norms.quantile(quantile), norms.amax()]
