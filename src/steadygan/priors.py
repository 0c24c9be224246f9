"""Latent priors: distributions of the generator's input. Random numbers are drawn outside, so they are pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from steadygan.checks import above, whole_fields
from steadygan.types import RandomSpec

if TYPE_CHECKING:
    from torch import Tensor


class PriorLike(Protocol):
    """A distribution of latents [N, size]."""

    @property
    def size(self) -> int: ...
    def random_spec(self) -> RandomSpec: ...
    def latents(self, noise: Tensor) -> Tensor: ...
    def nearest(self, latents: Tensor) -> Tensor:
        """[N, size] -> the nearest latents of the distribution's support"""


@dataclass(frozen=True)
class Normal:
    """Latents from N(0, I)."""

    size: int = 128
    """dimension of a latent"""

    def __post_init__(self) -> None:
        whole_fields(self, "size")

    def random_spec(self) -> RandomSpec:
        return RandomSpec("normal", (self.size,))

    def latents(self, noise: Tensor) -> Tensor:
        """[N, size] -> [N, size]"""
        return noise

    def nearest(self, latents: Tensor) -> Tensor:
        """[N, size], unchanged"""
        return latents


@dataclass(frozen=True)
class TruncatedNormal:
    """Latents from N(0, 1) in each coordinate, given that it lies within a threshold (Brock et al. 2019, BigGAN)."""

    size: int = 128
    """dimension of a latent"""
    threshold: float = 2.0
    """largest absolute number"""

    def __post_init__(self) -> None:
        whole_fields(self, "size")
        above("TruncatedNormal.threshold", self.threshold, 0)

    def random_spec(self) -> RandomSpec:
        return RandomSpec("normal", (self.size,))

    def latents(self, noise: Tensor) -> Tensor:
        """[N, size] standard normal -> [N, size], each number at its quantile of the truncated distribution.

        z -> sqrt(2) erfinv(erf(z / sqrt(2)) erf(t / sqrt(2))) has the distribution of drawing z anew until |z| <= t.
        """
        import torch

        wide = noise.float() if noise.device.type == "mps" else noise.double()
        share = math.erf(self.threshold / math.sqrt(2.0))
        inside = torch.erfinv(torch.erf(wide / math.sqrt(2.0)) * share) * math.sqrt(2.0)
        return self.nearest(inside).to(noise.dtype)

    def nearest(self, latents: Tensor) -> Tensor:
        """[N, size], each coordinate clamped to the threshold"""
        return latents.clamp(-self.threshold, self.threshold)


@dataclass(frozen=True)
class Uniform:
    """Latents from U[-1, 1) in each coordinate."""

    size: int = 64
    """dimension of a latent"""

    def __post_init__(self) -> None:
        whole_fields(self, "size")

    def random_spec(self) -> RandomSpec:
        return RandomSpec("uniform", (self.size,))

    def latents(self, noise: Tensor) -> Tensor:
        """[N, size] uniform on [0, 1) -> [N, size] uniform on [-1, 1)"""
        return 2.0 * noise - 1.0

    def nearest(self, latents: Tensor) -> Tensor:
        """[N, size], each coordinate clamped to [-1, 1]"""
        return latents.clamp(-1.0, 1.0)


if TYPE_CHECKING:
    Prior: TypeAlias = PriorLike
else:
    Prior = Normal | Uniform | TruncatedNormal
