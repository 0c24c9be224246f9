"""Autoencoder critics, whose score is the reconstruction error (EBGAN, BEGAN)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from steadygan.types import CriticOutput


class FullPrecision(nn.Module):
    """Runs a module in the dtype of its weights also under autocast: bfloat16 would round pixels to steps of 1/128."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            output: Tensor = self.part(x.to(next(self.part.parameters()).dtype))
            return output


class BEGANDecoder(nn.Module):
    """BEGAN's decoder of codes [N, width] to images [N, C, H, W]: maps h0, levels that double the size, a last layer.

    With ``skip``, h0 is upsampled and concatenated to the input of each level but the first.
    """

    def __init__(self, start: nn.Module, levels: Iterable[nn.Module], last: nn.Module, *, skip: bool) -> None:
        """
        Args:
            start: codes to h0
            levels: the first one keeps the size, each other doubles it at its beginning
            last: maps to pixels
            skip: concatenate h0
        """
        super().__init__()
        self.start = start
        self.levels = nn.ModuleList(levels)
        self.last = last
        self.skip = skip

    def forward(self, code: Tensor) -> Tensor:
        x = first = self.start(code)
        for index, level in enumerate(self.levels):
            if index and self.skip:  # before the doubling: the same numbers as after it
                upsampled = F.interpolate(first, scale_factor=2.0 ** (index - 1), mode="nearest")
                x = torch.cat([x, upsampled.to(x.dtype)], dim=1)
            x = level(x)
        images: Tensor = self.last(x)
        return images


class ReconstructionCritic(nn.Module):
    """Samples [N, ...] to a CriticOutput: the reconstruction error as score, and the code."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, exponent: int) -> None:
        """
        Args:
            encoder: samples to codes, [N, width] or maps
            decoder: the encoder's output to samples, in any shape of the same size
            exponent: eta of mean |v - D(v)|^eta over all numbers of a sample: 1 or 2
        """
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.exponent = exponent

    def reconstruct(self, samples: Tensor) -> Tensor:
        """Reconstructions of samples, [N, ...]."""
        return self._passed(samples)[0]

    def forward(self, samples: Tensor, labels: Tensor | None = None) -> CriticOutput:
        reconstruction, code = self._passed(samples)
        with torch.autocast(samples.device.type, enabled=False):
            error = (samples.to(reconstruction.dtype) - reconstruction).abs()
            error = error if self.exponent == 1 else error.square()
            return CriticOutput(
                score=error.mean(dim=tuple(range(1, error.dim()))),
                code=code.flatten(1).to(reconstruction.dtype),
            )

    def _passed(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        code = self.encoder(samples)
        return self.decoder(code).reshape(samples.shape), code
