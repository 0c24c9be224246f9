"""The spectral norms inside a network, read and refined."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from steadygan.networks.layers.spectral import SpectralNorm


def spectral_norms(network: nn.Module) -> dict[str, Tensor]:
    """sigma of the raw weight of each normalised layer, by its name in the network."""
    with torch.no_grad():
        return {name: norm.sigma(weight) for name, norm, weight in _norms(network)}


def refine_spectral_norms(network: nn.Module, iterations: int) -> None:
    """Moves u and v of each normalised layer by more power iterations, in place, in any mode."""
    for _, norm, weight in _norms(network):
        norm.iterate(weight, iterations)


def _norms(network: nn.Module) -> Iterator[tuple[str, SpectralNorm, Tensor]]:
    for name, module in network.named_modules():
        if parametrize.is_parametrized(module, "weight"):
            chain = module.parametrizations["weight"]  # type: ignore[index]
            if isinstance(chain[0], SpectralNorm):
                yield name, chain[0], chain.original
