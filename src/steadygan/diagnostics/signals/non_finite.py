"""Numbers that are not finite (NaN, infinity), traced to the first module, parameter or loss term that has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from steadygan.diagnostics.signals.critic_passes import read
from steadygan.types import register_scales

if TYPE_CHECKING:
    from torch import Tensor, nn


_MOST_CALLS = 20_000  # flags kept in one context


class NonFinite(NamedTuple):
    """The first place with a number that is not finite."""

    where: Literal["input", "parameter", "buffer", "output"]
    """of a module's first call: its input came so, or its own parameter or buffer is, or else it makes it so"""
    name: str
    """of the module, or of its parameter: 'critic.trunk.4', 'critic.trunk.4.weight'"""

    def __str__(self) -> str:
        return f"{self.where} {self.name}" if self.where in ("parameter", "buffer") else f"{self.where} of {self.name}"


def non_finite_names(named: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> list[str]:
    """Names, in order, of those among named tensors or numbers that hold a number that is not finite.

    For loss terms (``{"critic loss": ..., "penalty": ...}``), ``network.named_parameters()``, ``state_dict()``,
    gradients. Whole numbers are finite, and None is left out. One read of the device.
    """
    import torch

    pairs = named.items() if isinstance(named, Mapping) else named
    known = {name: _flag(value) for name, value in pairs if value is not None}
    on_one = next((flag.device for flag in known.values() if flag.device.type != "cpu"), torch.device("cpu"))
    flags = read([flag.to(on_one, torch.float32) for flag in known.values()])
    return [name for name, flag in zip(known, flags, strict=True) if flag]


class NonFiniteTrace:
    """Context that watches the forward passes of networks, and names where the first non-finite number appears.

        with NonFiniteTrace(critic=critic, generator=generator) as trace:
            loss = training_step()
        print(trace.first())

    For the repetition of a step whose loss was not finite: hooks on every module flag its inputs and outputs on the
    device, nothing is read until ``first``. Outputs are in the order in which modules finish, so the innermost comes
    first. Of a compiled network the modules inside run without hooks: trace the network as it was.
    """

    def __init__(self, **networks: nn.Module) -> None:
        """
        Args:
            networks: by the name that the trace calls them
        """
        register_scales()
        self.networks = networks
        self._calls: list[tuple[str, nn.Module, Tensor, Tensor]] = []
        self._handles: list[Any] = []

    def __enter__(self) -> NonFiniteTrace:
        self._calls.clear()
        for network_name, network in self.networks.items():
            for name, module in network.named_modules():
                hook = self._hook(".".join(part for part in (network_name, name) if part))
                self._handles.append(module.register_forward_hook(hook, with_kwargs=True))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def first(self) -> NonFinite | None:
        """Reads the device: the first place, or None if all were finite."""
        import torch

        flags = [flag for _, _, came, left in self._calls for flag in (came, left)]
        numbers = read([flag.to(flags[0].device, torch.float32) for flag in flags])
        for (name, module, _, _), came, left in zip(self._calls, numbers[::2], numbers[1::2], strict=True):
            if came:
                return NonFinite("input", name)
            if left:
                return _inside(name, module)
        return None

    def _hook(self, name: str) -> Callable[..., None]:
        def watch(module: nn.Module, inputs: Any, named: Any, output: Any) -> None:
            if len(self._calls) < _MOST_CALLS:
                self._calls.append((name, module, _flag((inputs, named)), _flag(output)))

        return watch


def _inside(name: str, module: nn.Module) -> NonFinite:
    for inner in non_finite_names(module.named_parameters()):
        return NonFinite("parameter", f"{name}.{inner}")
    for inner in non_finite_names(module.named_buffers()):
        return NonFinite("buffer", f"{name}.{inner}")
    return NonFinite("output", name)


def _flag(value: Any) -> Tensor:
    """True, 0-d, if a number in it is not finite; of several devices on that of the first tensor."""
    import torch
    from torch.utils import _pytree as pytree

    leaves = [leaf for leaf in pytree.tree_leaves(value) if isinstance(leaf, torch.Tensor | float | complex)]
    with torch.no_grad():
        flags = [~torch.isfinite(torch.as_tensor(leaf).detach()).all() for leaf in leaves]
    if not flags:
        return torch.zeros((), dtype=torch.bool)
    device = next((leaf.device for leaf in leaves if isinstance(leaf, torch.Tensor)), torch.device("cpu"))
    return torch.stack([flag.to(device) for flag in flags]).any()
