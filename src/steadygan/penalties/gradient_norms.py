"""Norms of a critic's input gradients, differentiable in its parameters.

The norm is taken per sample over all other dimensions, and of multi-scale images (``Scales``) over all scales
together.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeAlias

from steadygan.errors import UsageError
from steadygan.scores import widened
from steadygan.types import S, Sample, at_each_scale, scales_of

if TYPE_CHECKING:
    from torch import Tensor

ScoreFunction: TypeAlias = "Callable[[Any], Any]"
"""Samples, a tensor or ``Scales``, to scores [N], or to another output that ``steadygan.scores`` describes."""

_SMALLEST_SQUARE = 1e-12  # under the root: a norm of exactly 0 would have an infinite derivative


def input_gradient_norm(scores: Tensor, samples: Sample) -> Tensor:
    """||d score_i / d sample_i||_2 for each sample, [N], differentiable once more.

    Args:
        scores: [N], computed from ``samples`` with no dependence of one sample's score on another's
        samples: [N, ...], requires grad

    Raises:
        UsageError: for scores of another shape, and for scores or samples without a graph.
    """
    import torch

    tensors = scales_of(samples)
    if scores.shape not in ((len(tensors[0]),), (len(tensors[0]), 1)):
        raise UsageError(f"scores have shape {list(scores.shape)} for {len(tensors[0])} samples; allowed: [N], [N, 1]")
    if not (scores.requires_grad and all(tensor.requires_grad for tensor in tensors)):
        raise UsageError("scores have no graph from the samples: these must require grad, outside of no_grad")
    total = scores.sum()
    with torch.autocast(tensors[0].device.type, enabled=False):  # else it would narrow what was computed in float32
        return norm_of_gradient(*torch.autograd.grad(total, tensors, create_graph=True))


def norm_of_gradient(gradient: Tensor, *others: Tensor) -> Tensor:
    """The norm of each sample's gradient over all scales and non-batch dimensions: [N, ...] -> [N], in float32 or
    wider."""
    total = _squared_norm(gradient)
    for other in others:
        total = total + _squared_norm(other)
    return (total + _SMALLEST_SQUARE).sqrt()


def _squared_norm(gradient: Tensor) -> Tensor:
    import torch

    if gradient.is_complex():  # torch's gradient of a real function: its derivatives in both parts
        gradient = torch.view_as_real(gradient.resolve_conj())
    square = widened(gradient).square() if gradient.dim() == 1 else widened(gradient).flatten(1).square()
    return square if square.dim() == 1 else square.sum(1)


def plain_attention() -> AbstractContextManager[Any]:
    """Context in which attention is computed by the kernels that have a second derivative; fused ones have none."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    return sdpa_kernel(SDPBackend.MATH)


def detached(samples: S) -> S:
    """The samples, detached from their graph."""
    return at_each_scale(lambda tensor: tensor.detach(), samples)


def norm_of_scores(score: Callable[[Any], Tensor], points: Sample) -> Tensor:
    """||grad D||_2 at each point, [N], of scores [N]: for training, also inside torch.compile.

    Critics of other outputs, and loops of one's own: ``gradient_norm_at``.
    """
    return norm_of_gradient(*scales_of(gradient_of(lambda samples: score(samples).sum(), points)))


def gradient_of(total: Callable[[Any], Tensor], at: S, *, keeps_graph: bool = False) -> S:
    """The gradient of a scalar function, differentiable once more; also inside torch.compile.

    With ``keeps_graph`` it can be differentiated in what ``at`` was computed from, too, such as a mapping network.

    Autocast applies to ``total`` alone: around its derivative it would narrow what was computed in float32.
    """
    import torch

    samples = at if keeps_graph else detached(at)
    if torch.compiler.is_compiling():
        gradient, _ = traced_gradient(lambda traced: (total(traced), ()), samples)
        return gradient
    if not keeps_graph or not all(tensor.requires_grad for tensor in scales_of(samples)):
        samples = at_each_scale(lambda tensor: tensor.requires_grad_(True), samples)
    with plain_attention():
        value = total(samples)
    tensors = scales_of(samples)
    with torch.autocast(tensors[0].device.type, enabled=False):
        gradients = iter(torch.autograd.grad(value, tensors, create_graph=True))
    return at_each_scale(lambda _: next(gradients), samples)


def traced_gradient(total: Callable[[Any], tuple[Tensor, Any]], samples: S) -> tuple[S, Any]:
    """The gradient of ``total``'s first output in the samples, and its second output, inside torch.compile.

    A compiled graph can be differentiated once: this traces the inner gradient into the graph. Autocast applies to
    ``total`` alone; around its derivative it would narrow what was computed in float32.
    """
    import torch

    device = scales_of(samples)[0].device.type
    enabled, dtype = torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)

    def under_autocast(samples: S) -> tuple[Tensor, Any]:
        with torch.autocast(device, dtype=dtype, enabled=enabled, cache_enabled=False):
            return total(samples)

    with torch.autocast(device, enabled=False):
        gradient_and_aux: tuple[S, Any] = torch.func.grad(under_autocast, has_aux=True)(samples)
    return gradient_and_aux
