"""A warning of batch norm in a critic under a penalty of its gradients (WGAN-GP, section 4)."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from torch import nn

_warned: WeakSet[nn.Module] = WeakSet()


def warn_of_batch_norm(modules: list[nn.Module]) -> None:
    """Warns once for each critic with batch norm in training mode: a sample's gradient depends on the others there."""
    from torch.nn.modules.batchnorm import _BatchNorm

    for module in modules:
        if module in _warned:
            continue
        _warned.add(module)
        norms = (part for part in module.modules() if isinstance(part, _BatchNorm))
        if any(norm.training or not norm.track_running_stats for norm in norms):
            warnings.warn(
                f"the critic {type(module).__name__} has batch norm, by which a sample's gradient depends on the other "
                "samples: use layer, instance or spectral norm under a penalty of gradients (WGAN-GP, section 4)",
                stacklevel=5,
            )
