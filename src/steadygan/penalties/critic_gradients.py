"""Norms of any callable critic's input gradients, for loops of the user's own.

What the library's own training needs none of is done here: critics whose output is a patch map, a list or a tuple,
samples of other dtypes, grad modes, kernels without a second derivative, and processes that wait for every parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from steadygan.callables import modules_in, parameter_dtype
from steadygan.checks import one_of
from steadygan.errors import UsageError
from steadygan.penalties.batch_norm import warn_of_batch_norm
from steadygan.penalties.gradient_norms import (
    ScoreFunction,
    detached,
    norm_of_gradient,
    plain_attention,
    traced_gradient,
)
from steadygan.scores import score_maps
from steadygan.types import S, Sample, at_each_scale, sample_count, scales_of

if TYPE_CHECKING:
    from torch import Tensor, nn

Patches: TypeAlias = Literal["mean", "sum"]
"""A sample's score, of which the gradient is taken: the mean over its patches and scales, or their sum."""


def gradient_norm_at(critic: ScoreFunction, points: Sample, *, patches: Patches = "mean") -> Tensor:
    """||grad D||_2 at each point, [N] in float32 or wider, differentiable in the critic's parameters.

    D is a sample's score: of patch maps and scales the mean over patches, then over scales. The critic is run without
    its compilation, and by kernels that have a second derivative; also under autocast, inside torch.compile and
    torch.func, and as a value without a graph under no_grad and inference_mode. Every parameter that the scores depend
    on gets a gradient, 0 where the norm does not depend on it, so that DistributedDataParallel averages them all.

    Args:
        critic: maps samples to an output as ``steadygan.scores`` describes it, each sample by itself
        points: [N, ...], a tensor or ``Scales``, real or complex (the norm is over both parts); taken in the dtype of
            the critic's parameters where these are seen and have one
        patches: 'sum': of the sum over patches and scales, as codes that differentiate ``scores.sum()`` have it

    Raises:
        UsageError: a ValueError of one line, for samples or scores that do not fit.
    """
    one_of("patches", patches, ("mean", "sum"))
    check_callable("critic", critic, "samples to scores")

    def total_of(samples: Any) -> tuple[Tensor, float]:
        return score_total(critic(samples), sample_count(samples), patches)

    return measured_gradient(total_of, points, critic, norm_of_gradient)


def measured_gradient(
    total_of: Callable[[Any], tuple[Tensor, float]],
    points: Sample,
    network: Callable[..., Any],
    measure: Callable[..., Tensor],
) -> Tensor:
    """``measure`` of the gradients of a scalar function at these points, differentiable, with a graph of everything.

    Args:
        total_of: samples to a scalar and the divisor by which the measure is divided
        points: [N, ...], a tensor or ``Scales``
        network: in ``total_of``, of which modules are looked at
        measure: gradients [N, ...], one for each scale, to [N]

    Raises:
        UsageError: one line, for points that are no floating-point numbers, and for a function without derivatives.
    """
    import torch

    check_samples(points)
    if torch.compiler.is_compiling():
        with plain_attention():
            return _traced(total_of, points, measure)
    from steadygan.penalties.second_derivatives import (
        check_differentiable_twice,
        gradients_enabled,
        in_function_transform,
        leaves,
        second_derivatives,
    )

    device = scales_of(points)[0].device.type
    if in_function_transform():
        with second_derivatives(device):
            return _traced(total_of, points, measure)
    keeps_graph = torch.is_grad_enabled()
    modules = modules_in(network)
    warn_of_batch_norm(modules)
    with gradients_enabled(points), second_derivatives(device):
        samples = leaves(_in_dtype_of(modules, points))
        total, divisor = total_of(at_each_scale(lambda tensor: tensor.clone(), samples))  # layers may work in place
        gradients = _gradients(total, scales_of(samples), keeps_graph)
        if keeps_graph:
            check_differentiable_twice(modules, total, scales_of(samples), gradients)
        measured = _divided(measure(*gradients), divisor)
        return anchored(measured, total) if measured.requires_grad else measured


def check_callable(name: str, function: Any, maps: str) -> None:
    """Raises UsageError for anything that cannot be called, such as the scores in place of the critic."""
    if not callable(function):
        got = type(function).__name__
        raise UsageError(f"{name} is of type {got}; allowed: a function or module of {maps}, which is called here")


def check_samples(samples: Any, what: str = "samples") -> None:
    """Raises UsageError unless samples are a tensor or ``Scales`` of floating point, with at least one number."""
    import torch

    for tensor in scales_of(samples):
        if not isinstance(tensor, torch.Tensor):
            raise UsageError(f"{what} are of type {type(tensor).__name__}; allowed: a tensor [N, ...], or Scales")
        if not (tensor.is_floating_point() or tensor.is_complex()):
            dtype = str(tensor.dtype).removeprefix("torch.")
            raise UsageError(f"{what} have dtype {dtype}; a gradient needs floating point: {what.split()[0]}.float()")
        if tensor.dim() == 0 or tensor.numel() == 0:
            raise UsageError(f"{what} have shape {list(tensor.shape)}; needed: [N, ...] with at least one sample")


def score_total(output: Any, count: int, patches: Patches = "mean") -> tuple[Tensor, float]:
    """A number with its divisor: together the sum over samples of their scores.

    Divided after the derivative is taken, a mean over many patches does not sink below what float16 can hold.
    """
    maps = score_maps(output, "the critic's scores", count)
    sizes = [scores.numel() // count for scores in maps]
    most = max(sizes)
    total: Tensor | None = None
    for scores, size in zip(maps, sizes, strict=True):
        of_scale = scores.sum() if patches == "sum" or size == most else scores.sum() * (most / size)
        total = of_scale if total is None else total + of_scale
    assert total is not None
    return total, 1.0 if patches == "sum" else float(most * len(maps))


def anchored(values: Tensor, total: Tensor) -> Tensor:
    """The values, with a graph that all of ``total`` is part of and that adds gradients of 0 (StyleGAN2's code)."""
    return values + (total * 0.0).nan_to_num(0.0, 0.0, 0.0).to(values.dtype)


def _gradients(total: Tensor, samples: tuple[Tensor, ...], keeps_graph: bool) -> tuple[Tensor, ...]:
    import torch

    if not total.requires_grad:
        raise UsageError(
            "the critic's scores have no graph: it runs under no_grad, or detaches them, so they have no gradient"
        )
    with torch.autocast(samples[0].device.type, enabled=False):  # it would narrow what was computed in float32
        gradients = torch.autograd.grad(total, samples, create_graph=keeps_graph, allow_unused=True)
    if all(gradient is None for gradient in gradients):
        raise UsageError("the critic's scores do not depend on the samples that it was given: its gradient is missing")
    pairs = zip(gradients, samples, strict=True)
    return tuple(torch.zeros_like(sample) if gradient is None else gradient for gradient, sample in pairs)


def _traced(total_of: Callable[[Any], tuple[Tensor, float]], points: Sample, measure: Callable[..., Tensor]) -> Tensor:
    """The measure by ``torch.func.grad``, inside torch.compile and function transforms."""

    def scored(samples: Any) -> tuple[Tensor, Tensor]:
        total = _divided(*total_of(samples))
        return total, total

    gradient, total = traced_gradient(scored, detached(points))
    return anchored(measure(*scales_of(gradient)), total)


def _in_dtype_of(modules: list[nn.Module], points: S) -> S:
    """The points in the dtype of the modules' parameters, if they all have one."""
    dtype = parameter_dtype(modules, scales_of(points)[0].dtype)
    if dtype is None or dtype.is_complex != scales_of(points)[0].is_complex():
        return points
    return at_each_scale(lambda tensor: tensor.to(dtype), points)


def _divided(value: Tensor, divisor: float) -> Tensor:
    return value if divisor == 1.0 else value / divisor
