"""The spaces that inversion searches: z, a prior's latents, and w, StyleGAN2's styles with the noise of its layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from steadygan.types import scales_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.networks.layers.style_generator import StyleGenerator
    from steadygan.priors import Prior

NOISE_WEIGHT = 1e5
"""of the noise maps' regularisation (Karras et al. 2020, StyleGAN2, appendix D)"""
_SMALLEST_NOISE = 8


Limits = tuple[float, float]


class Space(Protocol):
    """Points [N, D] that a generator makes samples of, with further variables that are found beside them."""

    @property
    def deviation(self) -> float:
        """how far a drawn point lies from the mean of all, by which noise on points is scaled"""

    def nearest(self, points: Tensor) -> Tensor:
        """The nearest points of the space."""

    def further(self, count: int) -> list[Tensor]:
        """Initial further variables for so many points, [count, ...] each."""

    def samples(self, points: Tensor, labels: Tensor | None, further: Sequence[Tensor]) -> Tensor:
        """Samples [N, ...], at their finest size."""

    def cost(self, further: Sequence[Tensor]) -> Tensor | float:
        """[N], added to the distance: what further variables must not do."""

    def settle(self, further: Sequence[Tensor]) -> None:
        """Brings further variables back to their form, in place, after each step."""


class LatentSpace:
    """z: the latents of a prior, which are all that a sample depends on."""

    deviation = 1.0

    def __init__(self, generator: nn.Module, prior: Prior, limits: Limits | None = None) -> None:
        """
        Args:
            generator: in eval mode
            prior: of its latents
            limits: of the samples, where they are shown clipped to these; None: they are not
        """
        self._generator, self._prior, self._limits = generator, prior, limits

    def nearest(self, points: Tensor) -> Tensor:
        return self._prior.nearest(points)

    def further(self, count: int) -> list[Tensor]:
        return []

    def samples(self, points: Tensor, labels: Tensor | None, further: Sequence[Tensor]) -> Tensor:
        return shown_within(scales_of(self._generator(points, labels))[-1], self._limits)

    def cost(self, further: Sequence[Tensor]) -> float:
        return 0.0

    def settle(self, further: Sequence[Tensor]) -> None: ...


class StyleSpace:
    """w: one style for all layers, and the noise map of each, kept white (StyleGAN2, appendix D).

    ``mean`` [W] and ``deviation``, the root of the mean squared distance from it, are of mapped latents.
    """

    def __init__(
        self,
        generator: StyleGenerator,
        latents: Tensor,
        labels: Tensor | None = None,
        seed: int = 0,
        limits: Limits | None = None,
    ) -> None:
        """
        Args:
            generator: in eval mode
            latents: [N, size], many, for mean and deviation
            labels: [N], of conditional generators
            seed: of the initial noise, the same for all points
            limits: of the samples, where they are shown clipped to these; None: they are not
        """
        import torch

        self._generator, self._limits = generator, limits
        with torch.no_grad():
            self.styles = generator.mapping(latents, labels)
        self.mean = self.styles.mean(0)
        self.deviation = float((self.styles - self.mean).square().sum(1).mean().sqrt())
        self._seed = seed

    def nearest(self, points: Tensor) -> Tensor:
        return points

    def further(self, count: int) -> list[Tensor]:
        """Noise [count, 1, h, w] of each convolution."""
        import torch

        random = torch.Generator().manual_seed(self._seed)
        sides, dtype = self._generator.sides_of_noise, self.mean.dtype
        drawn = [torch.randn(1, 1, *each, generator=random).to(dtype) for each in sides]
        return [noise.repeat(count, 1, 1, 1) for noise in drawn]

    def samples(self, points: Tensor, labels: Tensor | None, further: Sequence[Tensor]) -> Tensor:
        return shown_within(style_samples(self._generator, points, further), self._limits)

    def cost(self, further: Sequence[Tensor]) -> Tensor | float:
        return NOISE_WEIGHT * noise_regularity(further)

    def settle(self, further: Sequence[Tensor]) -> None:
        """Mean 0 and variance 1 of each map."""
        for noise in further:
            noise -= noise.mean((1, 2, 3), keepdim=True)
            noise *= noise.square().mean((1, 2, 3), keepdim=True).rsqrt()


def shown_within(samples: Tensor, limits: Limits | None) -> Tensor:
    """Samples clipped to limits, with the gradient of the samples themselves.

    What lies beyond white is shown as white, so it is no error where white is wanted; where something else is wanted,
    the gradient leads back.
    """
    return samples if limits is None else samples + (samples.clamp(*limits) - samples).detach()


def style_samples(generator: StyleGenerator, styles: Tensor, noise: Sequence[Tensor] = ()) -> Tensor:
    """Samples of w [N, W] in all layers, with noise [N, 1, h, w] of each convolution; () for the fixed noise."""
    from steadygan.networks.drawing import GeneratorDraws

    drawn = GeneratorDraws(tuple(noise)) if len(noise) else None
    return generator.synthesize(styles[:, None].expand(-1, generator.layers_of_style, -1), drawn)


def noise_regularity(maps: Sequence[Tensor]) -> Tensor:
    """[N]: squared correlations of noise [N, 1, h, w] with itself one pixel away, at each size down to 8 px, summed."""
    import torch.nn.functional as F

    total: Tensor = maps[0].new_zeros(len(maps[0]))
    for noise in maps:
        while True:
            for axis in (2, 3):
                total = total + (noise * noise.roll(1, axis)).mean((1, 2, 3)).square()
            if min(noise.shape[2:]) <= _SMALLEST_NOISE:
                break
            noise = F.avg_pool2d(noise, 2) * 2  # means of four: twice, for variance 1
    return total
