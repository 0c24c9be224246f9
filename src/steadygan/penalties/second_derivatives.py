"""Running a critic so that its input gradients can be differentiated again: kernels, compilers and grad modes.

Fused attention, cuDNN's recurrent networks and compiled functions have a first derivative only; under ``no_grad`` and
``inference_mode`` there is none at all.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map_only

from steadygan.errors import UsageError
from steadygan.penalties.gradient_norms import plain_attention
from steadygan.types import Sample, at_each_scale, scales_of

if TYPE_CHECKING:
    from torch import Tensor, nn

_RECURRENT = {getattr(torch, name) for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")}
_ONCE = ("GraphedBackward", "CompiledFunctionBackward")
_known: WeakSet[nn.Module] = WeakSet()


@contextmanager
def second_derivatives(device: str) -> Iterator[None]:
    """Context in which a critic is run by kernels that have a second derivative; settings come back afterwards.

    Attention is computed by torch's plain kernels, recurrent layers without cuDNN, and what ``torch.compile`` made is
    run uncompiled.
    """
    with ExitStack() as contexts:
        if "torch._dynamo" in sys.modules:  # else nothing is compiled, and loading it takes seconds
            contexts.enter_context(torch.compiler.set_stance("force_eager"))
        contexts.enter_context(plain_attention())
        if device != "cpu":
            contexts.enter_context(PlainRecurrence())
        yield


class PlainRecurrence(TorchFunctionMode):
    """Recurrent layers are computed without cuDNN; everything else, convolutions above all, goes on using it."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func not in _RECURRENT:
            return func(*args, **(kwargs or {}))
        before = torch._C._get_cudnn_enabled()
        torch._C._set_cudnn_enabled(False)
        try:
            return func(*args, **(kwargs or {}))
        finally:
            torch._C._set_cudnn_enabled(before)


@contextmanager
def gradients_enabled(samples: Sample) -> Iterator[None]:
    """Context with gradients, also inside ``no_grad`` and ``inference_mode``, whose tensors are copied where they
    occur."""
    copies = torch.is_inference_mode_enabled() or any(tensor.is_inference() for tensor in scales_of(samples))
    with ExitStack() as contexts:
        contexts.enter_context(torch.inference_mode(False))
        contexts.enter_context(torch.enable_grad())
        if copies:
            contexts.enter_context(_WithoutInferenceTensors())
        yield


class _WithoutInferenceTensors(TorchFunctionMode):
    """Tensors that were made in ``inference_mode`` (labels, say) are replaced by copies that autograd can save."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        args, kwargs = tree_map_only(torch.Tensor, _normal, (args, kwargs or {}))
        return func(*args, **kwargs)


def _normal(tensor: Tensor) -> Tensor:
    return tensor.clone() if tensor.is_inference() else tensor


def leaves(samples: Sample) -> Sample:
    """New leaves of autograd with the samples' values."""

    def leaf(tensor: Tensor) -> Tensor:
        return _normal(tensor).detach().requires_grad_(True)

    return at_each_scale(leaf, samples)


def in_function_transform() -> bool:
    """True inside of ``torch.func.grad``, ``vmap`` and the like."""
    return torch._C._functorch.peek_interpreter_stack() is not None


def check_differentiable_twice(modules: list[nn.Module], total: Tensor, gradients: tuple[Tensor, ...]) -> None:
    """Raises UsageError if an operation of the critic has no second derivative; looks once at each module.

    torch itself says so at ``backward`` only, or not at all (CUDA graphs).
    """
    if modules and all(module in _known for module in modules):
        return
    stack = [tensor.grad_fn for tensor in (total, *gradients)]
    seen: set[Any] = set()
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        name = node.name()
        if name.endswith("NotImplemented"):
            raise UsageError(f"the critic has no second derivative, which penalties of gradients need: {_why(node)}")
        if name.startswith(_ONCE):
            raise UsageError(
                f"the critic was compiled or recorded ({name}), which leaves no second derivative: "
                "pass the module as it was before to the penalty (of torch.compile: critic._orig_mod)"
            )
        stack += [following for following, _ in node.next_functions]
    _known.update(modules)


def _why(node: Any) -> str:
    try:
        node(*(torch.zeros(()) for _ in node._input_metadata))
    except Exception as error:  # the node is there to raise the error that names the operation
        return str(error).partition("\n")[0]
    return "an operation in it is differentiable once"
