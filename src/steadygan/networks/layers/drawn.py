"""Generators that draw in training: bound to the random numbers of a step, and split where their styles are made.

A generator with ``styles`` makes samples in two steps: latents to styles [N, L, W], one for each of its layers, and
styles to samples. Path lengths are taken in the styles (StyleGAN2, section 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import torch
from torch.utils import _pytree as pytree

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.networks.drawing import GeneratorDraws


@runtime_checkable
class StyleBased(Protocol):
    """A generator that makes a style for each layer of latents, and samples of styles."""

    def styles(self, latents: Tensor, labels: Tensor | None = None, drawn: GeneratorDraws | None = None) -> Tensor:
        """Latents [N, D] and labels [N] or None to styles [N, L, W]."""

    def synthesize(self, styles: Tensor, drawn: GeneratorDraws | None = None) -> Tensor:
        """Styles [N, L, W] to samples [N, ...]."""


@dataclass(frozen=True)
class DrawnGenerator:
    """A generator with the random numbers of N samples."""

    network: Any
    """called with (latents, labels, drawn)"""
    drawn: GeneratorDraws

    def __call__(self, latents: Tensor, labels: Tensor | None = None) -> Any:
        """Samples of latents [N, D] and labels [N] or None."""
        return self.network(latents, labels, self.drawn)

    def of_rows(self, rows: slice) -> DrawnGenerator:
        """The generator of some of the samples."""
        sliced = pytree.tree_map(lambda value: value[rows] if isinstance(value, torch.Tensor) else value, self.drawn)
        return DrawnGenerator(self.network, sliced)

    def styles(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Styles [N, L, W] of latents; the latents of a generator without styles."""
        made: Tensor = self.network.styles(latents, labels, self.drawn) if self._has_styles else latents
        return made

    def synthesize(self, styles: Tensor, labels: Tensor | None = None) -> Any:
        """Samples of what ``styles`` returned."""
        return self.network.synthesize(styles, self.drawn) if self._has_styles else self(styles, labels)

    @property
    def _has_styles(self) -> bool:
        return isinstance(self.network, StyleBased)
