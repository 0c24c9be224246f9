"""Passes of a critic for measurement: scores and input gradients that leave no trace, and one read of the device."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from steadygan.callables import modules_in, parameter_dtype
from steadygan.errors import UsageError
from steadygan.scores import score_maps, widened
from steadygan.types import S, Sample, at_each_scale, sample_count, scales_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


CriticFunction: TypeAlias = Callable[[Any], Any]
"""Samples [N, ...] to scores [N] or [N, 1], or to another output that ``steadygan.scores`` describes."""


@contextlib.contextmanager
def without_trace(*functions: Callable[..., Any]) -> Iterator[None]:
    """Context for passes that change nothing of the modules in these functions, and no random state of torch.

    Modules are in eval mode, where nothing is drawn and no spectral norm moves, but batch norms that were in training
    normalise by the statistics of each batch. Modes and buffers are restored at the end. Gradients can be taken.
    """
    import torch

    from steadygan.measuring import measuring, preserved_random_state

    modules = [module for function in functions for module in modules_in(function)]
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.no_grad())  # buffers are restored outside of any graph
        stack.enter_context(preserved_random_state())
        for module in modules:
            stack.enter_context(measuring(module))
        stack.enter_context(torch.enable_grad())
        yield


def device_of(samples: Sample) -> torch.device:
    """The device of a batch of samples."""
    return scales_of(samples)[0].device


def check_samples(samples: Any, what: str) -> None:
    """Raises UsageError unless samples are a tensor or ``Scales`` of at least one sample, of floating-point numbers."""
    import torch

    for tensor in scales_of(samples):
        if not isinstance(tensor, torch.Tensor) or not tensor.is_floating_point() or not tensor.numel():
            got = list(tensor.shape) if isinstance(tensor, torch.Tensor) else type(tensor).__name__
            kind = f" of {tensor.dtype}" if isinstance(tensor, torch.Tensor) else ""
            raise UsageError(f"{what} are {got}{kind}; allowed: a tensor [N, ...] of floating-point numbers, N from 1")


def scores_of(critic: CriticFunction, samples: Sample, what: str = "scores") -> Tensor:
    """A score of each sample [N]: the mean over patches, then over scales; in float32 or float64, without a graph."""
    import torch

    check_samples(samples, "samples")
    with without_trace(critic), torch.no_grad():
        return mean_scores(critic(_prepared(critic, samples)), sample_count(samples), what)


def mean_scores(output: Any, count: int, what: str = "scores") -> Tensor:
    """The score of each sample [N] in a critic's output."""
    import torch

    maps = [each.flatten(1).mean(1) if each.dim() > 1 else each for each in score_maps(output, what, count)]
    return torch.stack(maps).mean(0)


def scores_and_slopes(critic: CriticFunction, samples: Sample) -> tuple[Tensor, Tensor]:
    """Scores D(x) [N] and norms of the input gradient |grad D(x)| [N], over all scales and non-batch dimensions.

    Norms are scaled before they are squared, so that 1e-30 and 1e30 are measured, too.

    Raises:
        UsageError: for samples or scores of another form, and for scores that do not depend on the samples.
    """
    import torch

    check_samples(samples, "samples")
    with without_trace(critic):
        points = at_each_scale(lambda x: x.requires_grad_(True), _prepared(critic, samples))
        scores = mean_scores(critic(at_each_scale(lambda x: x.clone(), points)), sample_count(points))
        if not scores.requires_grad:
            raise UsageError("the critic's scores have no graph: it detaches them, or runs under no_grad")
        with torch.autocast(device_of(points).type, enabled=False):
            found = torch.autograd.grad(scores.sum(), scales_of(points), allow_unused=True)
    gradients = [each for each in found if each is not None]
    if not gradients:
        raise UsageError("the critic's scores do not depend on the samples that it was given: it has no input gradient")
    return scores.detach(), row_norms(torch.cat([widened(each).flatten(1) for each in gradients], 1))


def row_norms(rows: Tensor) -> Tensor:
    """The Euclidean norm of each row [N, D] -> [N], without under- or overflow of the squares."""
    import torch

    largest = rows.abs().amax(1, keepdim=True)
    scale = torch.where((largest > 0) & largest.isfinite(), largest, torch.ones_like(largest))
    norms: Tensor = torch.linalg.vector_norm(rows / scale, dim=1) * scale[:, 0]
    return norms


def norm_of(tensor: Tensor) -> Tensor:
    """The Euclidean norm of all numbers of a tensor, 0-d, without under- or overflow of the squares."""
    numbers = widened(stored_numbers(tensor.detach())).reshape(1, -1)
    return row_norms(numbers)[0] if numbers.numel() else numbers.new_zeros(())


def stored_numbers(tensor: Tensor) -> Tensor:
    """The numbers of a tensor; of a sparse one those that it stores, of a complex one both parts."""
    import torch

    if tensor.is_sparse:
        tensor = tensor.coalesce()  # entries of one place are added
    if tensor.layout != torch.strided:
        tensor = tensor.values()
    return torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor


def read(values: Sequence[Tensor]) -> list[float]:
    """Numbers 0-d, on one device, as Python floats, in one transfer."""
    import torch

    if not values:
        return []
    exact = any(value.dtype == torch.float64 for value in values)
    whole = not any(value.is_floating_point() for value in values)
    wide = torch.int64 if whole else torch.float64 if exact else torch.float32
    numbers: list[float] = torch.stack([value.detach().to(wide) for value in values]).tolist()
    return numbers


def layers_of(network: nn.Module) -> Iterator[tuple[str, nn.Module, list[str]]]:
    """Each module with weights of its own: its name ('network' for the whole), itself, and the names of its parameters.

    A parametrized weight is its layer's: its parameter is ``parametrizations.weight.original``. A compiled module has
    the names of the module inside.
    """
    by_layer: dict[str, list[str]] = {}
    for name, _ in network.named_parameters():
        before, inside, _ = f".{name}".partition(".parametrizations.")
        layer = before.removeprefix(".") if inside else name.rpartition(".")[0]
        by_layer.setdefault(layer, []).append(name)
    modules = dict(network.named_modules())
    for layer, names in by_layer.items():
        yield layer.replace("_orig_mod.", "").removesuffix("_orig_mod") or "network", modules[layer], names


def _prepared(critic: CriticFunction, samples: S) -> S:
    """Copies of the samples, in the dtype of the critic's parameters if these have one."""
    dtype = parameter_dtype(modules_in(critic), scales_of(samples)[0].dtype)
    return at_each_scale(lambda x: x.detach().clone() if dtype is None else x.detach().to(dtype, copy=True), samples)
