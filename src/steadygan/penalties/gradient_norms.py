"""Norms of a critic's input gradients, differentiable in its parameters.

The norm is taken per sample over all other dimensions, and of multi-scale images (``Scales``) over all scales
together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from steadygan.types import S, Sample, at_each_scale, sample_count, scales_of

if TYPE_CHECKING:
    from torch import Tensor

ScoreFunction: TypeAlias = "Callable[[Any], Tensor]"
"""Samples, a tensor or ``Scales``, to scores [N]."""

_SMALLEST_SQUARE = 1e-12  # under the root: a norm of exactly 0 would have an infinite derivative


def input_gradient_norm(scores: Tensor, samples: Sample) -> Tensor:
    """||d score_i / d sample_i||_2 for each sample, [N], differentiable once more.

    Args:
        scores: [N], computed from ``samples`` with no dependence of one sample's score on another's
        samples: [N, ...], requires grad
    """
    import torch

    tensors = scales_of(samples)
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

    wide = gradient if gradient.dtype == torch.float64 else gradient.float()
    return wide.flatten(1).square().sum(1)


def detached(samples: S) -> S:
    """The samples without their graph."""
    return at_each_scale(lambda tensor: tensor.detach(), samples)


def gradient_norm_at(critic: ScoreFunction, points: Sample) -> Tensor:
    """||grad D||_2 at each point, [N], differentiable in the critic's parameters; also inside torch.compile.

    Raises:
        ValueError: if the critic does not answer with one score a sample.
    """
    return norm_of_gradient(*scales_of(gradient_of(lambda samples: _scores(critic, samples).sum(), points)))


def gradient_of(total: Callable[[Any], Tensor], at: S) -> S:
    """The gradient of a scalar function, differentiable once more; also inside torch.compile.

    Autocast holds for ``total`` alone: around its derivative it would narrow what was computed in float32.
    """
    import torch

    samples = detached(at)
    if torch.compiler.is_compiling():
        gradient, _ = traced_gradient(lambda traced: (total(traced), ()), samples)
        return gradient
    samples = at_each_scale(lambda tensor: tensor.requires_grad_(True), samples)
    value = total(samples)
    tensors = scales_of(samples)
    with torch.autocast(tensors[0].device.type, enabled=False):
        gradients = iter(torch.autograd.grad(value, tensors, create_graph=True))
    return at_each_scale(lambda _: next(gradients), samples)


def traced_gradient(total: Callable[[Any], tuple[Tensor, Any]], samples: S) -> tuple[S, Any]:
    """The gradient of ``total``'s first answer by the samples, and its second answer, inside torch.compile.

    What is compiled can be differentiated once: this puts both gradients into its graph. Autocast holds for ``total``
    alone; around its derivative it would narrow what was computed in float32.
    """
    import torch

    device = scales_of(samples)[0].device.type
    narrow, dtype = torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)

    def under_autocast(samples: S) -> tuple[Tensor, Any]:
        with torch.autocast(device, dtype=dtype, enabled=narrow, cache_enabled=False):
            return total(samples)

    with torch.autocast(device, enabled=False):
        found: tuple[S, Any] = torch.func.grad(under_autocast, has_aux=True)(samples)
    return found


def _scores(critic: ScoreFunction, points: Sample) -> Tensor:
    count = sample_count(points)
    answer = critic(points)
    scores: Tensor = getattr(answer, "score", answer)  # the library's own critics answer with a CriticOutput
    if scores.shape not in ((count,), (count, 1)):
        raise ValueError(
            f"the critic answered with shape {list(scores.shape)} for {count} samples; "
            f"a gradient penalty needs one score a sample: [{count}]"
        )
    return scores
