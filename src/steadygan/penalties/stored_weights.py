"""The weight that a layer stores, below what parametrizations and hooks compute of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steadygan.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn


def stored_weight(module: nn.Module) -> Tensor:
    """A layer's weight as the optimizer has it: of a spectral norm or pruning the one that they are computed of.

    Of a weight norm, which stores g and v, it is g v / |v|, computed here. What a hook has put in ``module.weight`` is
    of the last forward pass: of a graph that is gone, or of none.

    Raises:
        UsageError: one line, for a weight that a hook computes of what is not known.
    """
    from torch.nn.utils import parametrize

    if parametrize.is_parametrized(module, "weight"):
        return _of_parametrizations(module.parametrizations["weight"])  # type: ignore[index]
    if isinstance(getattr(type(module), "weight", None), property):  # computed at each access
        return module.weight  # type: ignore[return-value]
    return _of_hooks(module, "weight")


def _of_parametrizations(chain: Any) -> Tensor:
    """What the first parametrization makes of several tensors (weight norm), or the one that there is."""
    if chain.is_tensor:
        original: Tensor = chain.original
        return original
    weight: Tensor = chain[0](*(getattr(chain, f"original{i}") for i in range(chain.ntensors)))
    return weight


def _of_hooks(module: nn.Module, name: str) -> Tensor:
    """The tensor of this name, or what is stored in its place; hooks of hooks, too (a spectral norm that is pruned)."""
    from torch.nn.utils.weight_norm import WeightNorm

    stored: Any = module._parameters.get(name)
    stored = module._buffers.get(name) if stored is None else stored
    if stored is not None:
        return stored  # type: ignore[no-any-return]
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, WeightNorm) and hook.name == name:
            return hook.compute_weight(module)  # type: ignore[no-any-return]
    if any(each.startswith(f"{name}_orig") for each in (*module._parameters, *module._buffers)):
        return _of_hooks(module, f"{name}_orig")
    raise UsageError(
        f"the weight of {type(module).__name__} is computed by a hook; allowed: torch's spectral norm, weight norm and "
        "pruning, parametrizations, or a parameter 'weight'"
    )
