"""Power iterations of a network's spectral norms, own and torch's, made once an optimizer step by the training loop.

A spectral norm moves its singular vectors at each forward in training mode. In a step, forwards differ in number: one a
micro-batch, more with penalties. So the loop takes the norms over (``taken_over``), moves each once before the
forwards of a step, and all of these divide by the same sigma.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import _SpectralNorm
from torch.nn.utils.parametrize import ParametrizationList
from torch.nn.utils.spectral_norm import SpectralNorm as HookedNorm

from steadygan.networks.layers.spectral import SpectralNorm

Move = Callable[[], None]

_REFINING = 15  # iterations, as torch makes them at first
_KEPT = "iterations_a_step"  # on a norm of torch that was taken over


def taken_over(network: nn.Module) -> list[Move]:
    """Stops the network's spectral norms from moving at forwards; returns what moves each of them by one step."""
    moves: dict[int, Move] = {}
    for module in network.modules():
        if isinstance(module, ParametrizationList):
            for position, norm in enumerate(module):
                if isinstance(norm, SpectralNorm):
                    norm.moves_at_forward = False
                    moves[id(norm)] = partial(_move_own, module, position, norm.power_iterations)
                elif isinstance(norm, _SpectralNorm) and hasattr(norm, "n_power_iterations"):
                    moves[id(norm)] = partial(_move_parametrized, module, position, _kept(norm))
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, HookedNorm):
                moves[id(hook)] = partial(_move_hooked, module, hook, _kept(hook))
    return list(moves.values())


def refine_torch(network: nn.Module) -> None:
    """Fits the vectors of torch's spectral norms to weights that they did not follow step by step, in place."""
    for module in network.modules():
        if isinstance(module, ParametrizationList):
            for position, norm in enumerate(module):
                if isinstance(norm, _SpectralNorm) and hasattr(norm, "n_power_iterations"):
                    _move_parametrized(module, position, _REFINING)
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, HookedNorm):
                _move_hooked(module, hook, _REFINING)


def _kept(norm: Any) -> int:
    """The iterations that a norm of torch was made with; from now on it makes none by itself."""
    iterations: int = getattr(norm, _KEPT, norm.n_power_iterations)
    setattr(norm, _KEPT, iterations)
    norm.n_power_iterations = 0
    return iterations


@torch.no_grad()
def _weight_before(parametrizations: ParametrizationList, position: int) -> Tensor:
    """The weight that the parametrization at a position of the chain is given."""
    if hasattr(parametrizations, "original"):
        originals = [parametrizations.original]
    else:
        originals = [getattr(parametrizations, f"original{i}") for i in range(parametrizations.ntensors)]
    for earlier in list(parametrizations)[:position]:
        originals = [earlier(*originals)]
    (weight,) = originals
    return weight


def _move_own(parametrizations: ParametrizationList, position: int, iterations: int) -> None:
    norm = parametrizations[position]
    assert isinstance(norm, SpectralNorm)
    norm.iterate(_weight_before(parametrizations, position), iterations)


@torch.no_grad()
def _move_parametrized(parametrizations: ParametrizationList, position: int, iterations: int) -> None:
    norm = parametrizations[position]
    assert isinstance(norm, _SpectralNorm)
    weight = _weight_before(parametrizations, position)
    with torch.autocast(weight.device.type, enabled=False):
        norm._power_method(norm._reshape_weight_to_matrix(weight), iterations)


@torch.no_grad()
def _move_hooked(module: nn.Module, hook: HookedNorm, iterations: int) -> None:
    before = hook.n_power_iterations
    hook.n_power_iterations = iterations
    try:
        hook.compute_weight(module, do_power_iteration=True)
    finally:
        hook.n_power_iterations = before
