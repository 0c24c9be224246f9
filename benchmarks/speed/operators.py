"""Operators that a call runs: CPU time and floating-point operations of each kind and shape."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.speed.flops import of_call

CONVOLUTIONS = ("convolution", "convolution_backward")


@dataclass
class Cost:
    """What all calls of one kind cost together."""

    calls: int = 0
    operations: int = 0
    """floating-point ones, of matrix products and convolutions"""
    seconds: float = 0.0
    """CPU time inside the operator, over all threads"""

    def add(self, other: Cost) -> None:
        """Takes another's costs in."""
        self.calls += other.calls
        self.operations += other.operations
        self.seconds += other.seconds


@dataclass
class Operators:
    """The costs of all operators of a call, by name and, for convolutions, shape."""

    costs: dict[tuple[str, str], Cost] = field(default_factory=dict)

    def of(self, names: Sequence[str]) -> Cost:
        """The cost of the operators of these names together."""
        total = Cost()
        for (name, _), cost in self.costs.items():
            if name in names:
                total.add(cost)
        return total

    @property
    def all(self) -> Cost:
        """The cost of all operators."""
        return self.of([name for name, _ in self.costs])


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Times each operator as autograd calls it, gradients of gradients included."""

    def __init__(self, into: Operators) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.into = into

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        began = time.process_time()
        result = func(*args, **(kwargs or {}))
        seconds = time.process_time() - began
        name = func._overloadpacket.__name__
        shape = _shape_of(name, args) if name in CONVOLUTIONS else ""
        cost = Cost(1, of_call(func, args, kwargs, result), seconds)
        self.into.costs.setdefault((name, shape), Cost()).add(cost)
        return result


def operators(run: Callable[[], object]) -> Operators:
    """The operators of a call on a processor, and what they cost; what is between them is not counted."""
    found = Operators()
    with _Watch(found):
        run()
    return found


def _shape_of(name: str, args: Sequence[Any]) -> str:
    """Inputs, weights, stride, and the gradients that are taken."""
    backward = name == "convolution_backward"
    inputs, weights = args[1:3] if backward else args[:2]
    stride, transposed, groups = (args[4], args[7], args[9]) if backward else (args[3], args[6], args[8])
    words = [_size(inputs), "*", _size(weights), _kind(inputs)]
    words += [f"stride {stride[0]}"] * (stride[0] > 1) + ["transposed"] * bool(transposed)
    words += [f"{groups} groups"] * (groups > 1)
    if backward:
        words.append("d" + "+".join(what for what, taken in zip("xw", args[10], strict=False) if taken))
    return " ".join(words)


def _size(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape))


def _kind(tensor: Tensor) -> str:
    """The number type if it is not float32, and the layout."""
    last = tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last)
    name = str(tensor.dtype).removeprefix("torch.").replace("bfloat16", "bf16").replace("float32", "")
    return f"{name} {'last' if last else 'first'}".strip()
