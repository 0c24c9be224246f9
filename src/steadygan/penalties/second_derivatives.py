"""Running a critic so that its input gradients can be differentiated again: kernels, compilers and grad modes.

Fused attention, cuDNN's recurrent networks and compiled functions have a first derivative only; under ``no_grad`` and
``inference_mode`` there is none at all.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import torch
from torch.autograd.function import once_differentiable
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map_only

from steadygan.errors import UsageError
from steadygan.penalties.gradient_norms import plain_attention
from steadygan.types import Sample, at_each_scale, scales_of

if TYPE_CHECKING:
    from torch import Tensor, nn

_RECURRENT = {getattr(torch, name) for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")}
_ONCE = ("GraphedBackward", "CompiledFunctionBackward")
_WRAPPER = once_differentiable(lambda ctx: None).__code__
"""of every function that ``once_differentiable`` gives"""
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


def check_differentiable_twice(
    modules: list[nn.Module], total: Tensor, samples: tuple[Tensor, ...], gradients: tuple[Tensor, ...]
) -> None:
    """Raises UsageError if an operation of the critic has no second derivative; looks once at each module.

    torch itself says so at ``backward`` only, or not at all (CUDA graphs, ``once_differentiable`` functions whose
    gradient is taken for a constant). Such functions may compute a weight: no second derivative passes through them.

    Args:
        modules: of the critic
        total: a scalar of the critic's scores
        samples: leaves of ``total``'s graph
        gradients: of ``total`` at the samples
    """
    if modules and all(module in _known for module in modules):
        return
    for node in _graph(tensor.grad_fn for tensor in (total, *gradients)):
        name = node.name()
        if name.endswith("NotImplemented"):
            raise UsageError(f"the critic has no second derivative, which penalties of gradients need: {_why(node)}")
        if name.startswith(_ONCE):
            raise UsageError(
                f"the critic was compiled or recorded ({name}), which leaves no second derivative: "
                "pass the module as it was before to the penalty (of torch.compile: critic._orig_mod)"
            )
    function = marked_as_once_differentiable(total, samples)
    if function is not None:
        raise UsageError(
            "the critic has no second derivative, which penalties of gradients need: the backward of "
            f"{function} is marked as once_differentiable"
        )
    _known.update(modules)


def marked_as_once_differentiable(total: Tensor, samples: tuple[Tensor, ...]) -> str | None:
    """The name of a Python function between samples, which are leaves, and a total, whose backward torch's
    ``once_differentiable`` wraps; None for none."""

    def leads_to_samples(node: Any) -> bool:
        ends = [getattr(each, "variable", None) for each in _graph([node])]
        return any(end is sample for end in ends for sample in samples)

    marked = (node for node in _graph([total.grad_fn]) if _wrapped_once(node) and leads_to_samples(node))
    return next((str(node._forward_cls.__name__) for node in marked), None)


def _wrapped_once(node: Any) -> bool:
    """True if the wrapper is one of those around the backward of a node."""
    backward: Any = getattr(getattr(node, "_forward_cls", None), "backward", None)
    while (wrapped := getattr(backward, "__wrapped__", None)) is not None:
        if getattr(backward, "__code__", None) is _WRAPPER:
            return True
        backward = wrapped
    return False


def _graph(roots: Iterable[Any]) -> Iterator[Any]:
    """Each node that gradients of these nodes reach, once."""
    stack, seen = list(roots), set()
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        yield node
        stack += [following for following, _ in node.next_functions]


def _why(node: Any) -> str:
    try:
        node(*(torch.zeros(()) for _ in node._input_metadata))
    except Exception as error:  # the node is there to raise the error that names the operation
        return str(error).partition("\n")[0]
    return "an operation in it is differentiable once"
