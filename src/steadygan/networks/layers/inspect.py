"""What a training reads and sets in the modules of a network, by optional members that a module may have.

- ``readings() -> dict[str, Tensor]``: numbers to log, 0-d, on the device; changes nothing
- ``settle() -> None``: fits estimates that the module keeps of its weights to the present weights, in place
- ``set_round(round_)``: what changes with the round (``FollowsRound``)
- ``grow(level, fade)``, ``grow_as_saved()``, ``levels``: the size, by the recipe's growth (``Grows``)
- ``conditional = True``: the output depends on the labels
- ``modulated_by_latent = True``: the latent, or a part, also sets scales and offsets of norms
- ``draws = True``: the forward draws from torch's generator in training (noise, dropout)
- ``couples_batch``: True where a sample's output depends on the whole batch; False beside ``group``, the fixed number
  of neighbours that it depends on

A parametrization (``torch.nn.utils.parametrize``) is given the stored weight: ``readings(weight)``, ``settle(weight)``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList

from steadygan.networks.layers.own import is_own
from steadygan.networks.layers.power_iteration import refine_torch

_BATCH_NORMS = (nn.modules.batchnorm._BatchNorm, nn.SyncBatchNorm)
_NORMS = (*_BATCH_NORMS, nn.GroupNorm, nn.LayerNorm, nn.modules.instancenorm._InstanceNorm)


@runtime_checkable
class FollowsRound(Protocol):
    """A module that changes with the round, by a schedule that it was built with.

    What changes is a 0-d buffer: saved with the weights, read in the forward without host sync, never recompiled for.
    """

    def set_round(self, round_: int) -> None:
        """Takes the settings of a round, in place."""


def round_followers(network: nn.Module) -> list[FollowsRound]:
    """The modules of a network that have to be told the round."""
    return [module for module in network.modules() if isinstance(module, FollowsRound)]


@runtime_checkable
class Grows(Protocol):
    """A module that follows the growth of a recipe, through levels of rising size."""

    levels: int
    """number of levels, with the full size"""

    def grow(self, level: int, fade: float) -> None:
        """Uses the levels up to this one, and of the one below it the share ``fade``."""

    def grow_as_saved(self) -> None:
        """Uses the level that its buffers name, once these were loaded."""


def growing_parts(network: nn.Module) -> list[Grows]:
    """The modules of a network that grow."""
    return [module for module in network.modules() if isinstance(module, Grows)]


def readings(network: nn.Module, prefix: str = "") -> dict[str, Tensor]:
    """The modules' numbers for the log, by kind and module: ``{"sigma/critic.trunk.0": ...}``, 0-d tensors.

    Args:
        network: whose modules are read
        prefix: before the names of the modules, such as 'critic'
    """
    logged: dict[str, Tensor] = {}
    with torch.no_grad():
        for name, module, stored in _modules(network):
            read = getattr(module, "readings", None)
            if read is not None:
                path = ".".join(word for word in (prefix, name) if word)
                logged.update({f"{kind}/{path}": value for kind, value in read(*stored).items()})
    return logged


def settle(network: nn.Module) -> None:
    """Fits what modules estimate of their weights to the present ones, in place: after averaging, before sampling."""
    with torch.no_grad():
        for _, module, stored in _modules(network):
            fit = getattr(module, "settle", None)
            if fit is not None:
                fit(*stored)
    refine_torch(network)


def _modules(network: nn.Module) -> Iterator[tuple[str, nn.Module, tuple[Tensor, ...]]]:
    """Each module with its name and what its methods take; a parametrization has the name of its layer."""
    for name, module in network.named_modules():
        layer, inside, _ = f".{name}".rpartition(".parametrizations.")
        if not inside:
            yield name, module, ()
        elif isinstance(module, ParametrizationList) and hasattr(module, "original"):
            for parametrization in module:
                yield layer.removeprefix("."), parametrization, (module.original,)


def is_conditional(network: nn.Module) -> bool:
    """True if the network's output depends on the labels."""
    return any(getattr(module, "conditional", False) for module in network.modules())


def draws_in_forward(network: nn.Module) -> bool:
    """True if the network may draw from torch's generator: layers that say so, and networks of the user's own."""
    return is_own(network) or any(getattr(module, "draws", False) for module in network.modules())


def is_modulated_by_latent(network: nn.Module) -> bool:
    """True if the latent, or a part of it, enters behind norms, too, not at the first layer alone."""
    return any(getattr(module, "modulated_by_latent", False) for module in network.modules())


def is_norm(module: nn.Module) -> bool:
    """True for a normalisation layer."""
    return isinstance(module, _NORMS)


def is_batch_norm(module: nn.Module) -> bool:
    """True for a batch norm, which keeps statistics of training."""
    return isinstance(module, _BATCH_NORMS)


def couples_batch(network: nn.Module) -> bool:
    """True if a sample's output depends on the whole batch, anywhere in the network."""
    return any(isinstance(part, _BATCH_NORMS) or getattr(part, "couples_batch", False) for part in network.modules())


def group_size(network: nn.Module) -> int:
    """Samples that must come together: the least common multiple of the network's fixed groups, 1 without any."""
    fixed = [module for module in network.modules() if getattr(module, "couples_batch", None) is False]
    groups = [getattr(module, "group", None) for module in fixed]
    return math.lcm(*(group for group in groups if isinstance(group, int)))
