"""Freezing the lower part of a network: its weights get no gradient (Freeze-D, Mo et al. 2020)."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from steadygan.errors import UsageError

_CONTAINERS = (nn.Sequential, nn.ModuleList)


def parts_of(network: nn.Module) -> list[nn.Module]:
    """The parts of a network that have weights, from its input on: blocks and layers, not those inside blocks."""
    in_order = getattr(network, "parts_in_order", None)  # of networks whose children are not in the order of their path
    children = list(network.children()) if in_order is None else in_order()
    children = [child for child in children if any(True for _ in child.parameters())]
    if not children or is_parametrized(network):
        return [network]
    opened: list[nn.Module] = []
    for child in children:
        alone = len(children) == 1 and not any(True for _ in child.parameters(recurse=False))
        opened += parts_of(child) if isinstance(child, _CONTAINERS) or alone else [child]
    return opened


def freeze_lower(network: nn.Module, count: int) -> None:
    """Excludes the first ``count`` parts of a network from training, in place.

    Raises:
        UsageError: if no part would be left to train.
    """
    if not count:
        return
    parts = parts_of(network)
    if count >= len(parts):
        raise UsageError(
            f"frozen is {count}, but the critic has {len(parts)} parts, one of which at least has to train; "
            f"allowed: 0 to {len(parts) - 1}"
        )
    for part in parts[:count]:
        part.requires_grad_(False)
