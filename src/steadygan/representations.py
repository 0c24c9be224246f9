"""Representations: how stored data becomes what the networks see, and back to what a person sees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from steadygan.types import Noise, SampleSpec, UsageError

if TYPE_CHECKING:
    from torch import Tensor


class RepresentationLike(Protocol):
    """Pure maps between stored samples and the networks' samples; their randomness comes in as ``noise``."""

    def noise(self, sample: SampleSpec) -> Noise | None: ...
    def encode(self, stored: Tensor, noise: Tensor | None = None) -> Tensor: ...
    def decode(self, samples: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Plain:
    """Pixels 0..255 as numbers low..high; points unchanged."""

    low: float = -1.0
    """the number that black stands for"""
    high: float = 1.0
    """the number that white stands for"""
    dequantise: Literal["none", "paper"] = "none"
    """'paper': 2 (x/256 - 1/2) + U[0, 1/128), as the WGAN-GP ResNet code does, so that pixels fill the range"""

    def __post_init__(self) -> None:
        if not 0.0 < self.high - self.low < math.inf:
            raise UsageError(f"Plain.high is {self.high}, Plain.low is {self.low}; high has to be above low")
        if self.dequantise not in ("none", "paper"):
            raise UsageError(f"Plain.dequantise is '{self.dequantise}'; allowed: none, paper")

    def noise(self, sample: SampleSpec) -> Noise | None:
        return Noise("uniform", sample.shape) if self.dequantise == "paper" and sample.is_image else None

    def encode(self, stored: Tensor, noise: Tensor | None = None) -> Tensor:
        """uint8 images [N, C, H, W] to float32 in [low, high]; float32 points [N, D] as they are."""
        import torch

        if stored.dtype != torch.uint8:
            return stored
        span = self.high - self.low
        if noise is None:
            return stored.to(torch.float32).mul_(span / 255.0).add_(self.low)
        return (stored.to(torch.float32) + noise).mul_(span / 256.0).add_(self.low)

    def decode(self, samples: Tensor) -> Tensor:
        """Images in [low, high] to uint8 [N, C, H, W], rounded to the nearest level; points as they are."""
        import torch

        if samples.dim() != 4:
            return samples.float()
        span = self.high - self.low
        if self.dequantise == "paper":  # level k stands for the interval [k, k + 1) / 256
            levels = ((samples.float() - self.low) * (256.0 / span)).floor()
        else:
            levels = ((samples.float() - self.low) * (255.0 / span)).round()
        return levels.clamp_(0, 255).to(torch.uint8)


if TYPE_CHECKING:
    Representation: TypeAlias = RepresentationLike
else:
    Representation = Plain
