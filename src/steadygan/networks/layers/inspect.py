"""What a training asks of the parts of a network, whatever they are. A part may have these methods, and need not:

- ``readings() -> dict[str, Tensor]``: numbers to log, 0-d, on the device; changes nothing
- ``settle() -> None``: fits what the part remembers of its weights to the weights that it has now, in place
- ``conditional = True``: what the part does depends on the labels

A parametrization (``torch.nn.utils.parametrize``) is given the stored weight: ``readings(weight)``, ``settle(weight)``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList


def readings(network: nn.Module, prefix: str = "") -> dict[str, Tensor]:
    """What the parts have to tell, by what it is and where: ``{"sigma/critic.trunk.0": ...}``, 0-d tensors.

    Args:
        network: whose parts are asked
        prefix: before the names of the parts, such as 'critic'
    """
    found: dict[str, Tensor] = {}
    with torch.no_grad():
        for name, part, stored in _parts(network):
            tell = getattr(part, "readings", None)
            if tell is not None:
                where = ".".join(word for word in (prefix, name) if word)
                found.update({f"{what}/{where}": value for what, value in tell(*stored).items()})
    return found


def settle(network: nn.Module) -> None:
    """Lets each part fit what it remembers to the present weights, in place: after averaging, before sampling."""
    with torch.no_grad():
        for _, part, stored in _parts(network):
            fit = getattr(part, "settle", None)
            if fit is not None:
                fit(*stored)


def is_conditional(network: nn.Module) -> bool:
    """Does what the network does depend on the labels?"""
    return any(getattr(part, "conditional", False) for part in network.modules())


def _parts(network: nn.Module) -> Iterator[tuple[str, nn.Module, tuple[Tensor, ...]]]:
    """Each part with its name and what its methods take; a parametrization has the name of its layer."""
    for name, module in network.named_modules():
        layer, inside, _ = f".{name}".rpartition(".parametrizations.")
        if not inside:
            yield name, module, ()
        elif isinstance(module, ParametrizationList) and hasattr(module, "original"):
            for parametrization in module:
                yield layer.removeprefix("."), parametrization, (module.original,)


_BATCH_NORMS = (nn.modules.batchnorm._BatchNorm, nn.SyncBatchNorm)


_OTHER_NORMS = (nn.GroupNorm, nn.LayerNorm, nn.modules.instancenorm._InstanceNorm)


def is_norm(module: nn.Module) -> bool:
    """Is this a normalisation layer?"""
    return isinstance(module, (*_BATCH_NORMS, *_OTHER_NORMS))


def couples_batch(module: nn.Module) -> bool:
    """Does a sample's output depend on the other samples, anywhere in the network?"""
    return any(isinstance(part, _BATCH_NORMS) or getattr(part, "couples_batch", False) for part in module.modules())


@runtime_checkable
class FollowsRound(Protocol):
    """A part of a network that changes with the round, by a schedule that it was built with.

    What changes is a 0-d buffer: saved with the weights, read in the forward without host sync, never recompiled for.
    """

    def set_round(self, round_: int) -> None:
        """Takes the settings of a round, in place."""


def round_followers(module: nn.Module) -> list[FollowsRound]:
    """The parts of a network that want to be told the round."""
    return [part for part in module.modules() if isinstance(part, FollowsRound)]


def group_size(module: nn.Module) -> int:
    """Samples that have to come together: what all groups of fixed size in the network divide, 1 where it has none."""
    fixed = [part for part in module.modules() if getattr(part, "couples_batch", None) is False]
    groups = [getattr(part, "group", None) for part in fixed]
    return math.lcm(*(group for group in groups if isinstance(group, int)))
