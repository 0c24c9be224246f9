"""Trial of a loss of the user's own on random scores: what it gives, and whether that of a batch is its parts' mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from steadygan.errors import UsageError, one_line
from steadygan.training.validate.reading import is_own, nested_objectives, splits_batches

if TYPE_CHECKING:
    from steadygan.recipe import Recipe

COUNT = 8
"""scores of a trial"""
SPREADS = (1.0, 4.0, 0.25)
"""of the scores: hinges are at some value"""


def check_own_losses(recipe: Recipe, processes: int) -> None:
    """Tries the losses of classes that are not this package's.

    Raises:
        UsageError: for one that gives no number of which gradients are taken, needs real scores without saying so, or
            mixes samples without saying so where batches are taken in parts.
    """
    for objective in nested_objectives(recipe.objective):
        loss = getattr(objective, "loss", None)
        if is_own(loss):
            in_parts = splits_batches(recipe, processes) or processes > 1
            _check(loss, getattr(objective, "real_label", 1.0), in_parts=in_parts)


def _check(loss: Any, real_label: float, *, in_parts: bool) -> None:
    drawn = torch.Generator().manual_seed(0)
    for spread in SPREADS:
        real, fake = (spread * torch.randn(COUNT, generator=drawn).requires_grad_(True) for _ in range(2))
        _check_on(loss, real, fake, real_label, in_parts=in_parts)


def _check_on(loss: Any, real: Tensor, fake: Tensor, real_label: float, *, in_parts: bool) -> None:
    def of_critic(part: slice) -> Tensor:
        return loss.critic(real[part], fake[part], real_label)  # type: ignore[no-any-return]

    def of_generator(part: slice) -> Tensor:
        return loss.generator(fake[part], real[part] if loss.needs_real else None)  # type: ignore[no-any-return]

    _check_needs_real(loss, real, fake)
    for name, value, scores in (("critic", of_critic, (real, fake)), ("generator", of_generator, (fake,))):
        called = f"{type(loss).__name__}.{name}"
        _check_value(called, value, scores)
        if real._version or fake._version:
            raise UsageError(f"{called} changes the scores in place, which others read too: make new tensors of them")
        if in_parts and not loss.mixes_samples and not _is_mean_of_parts(value, (real, fake)):
            raise UsageError(
                f"{called} of a batch is not the mean of its values on the batch's halves, and batches are taken in "
                "parts: set mixes_samples = True, or take means of samples alone"
            )


def _check_needs_real(loss: Any, real: Tensor, fake: Tensor) -> None:
    """Raises UsageError for a loss whose generator needs real scores, and that says that it needs none."""
    if loss.needs_real:
        return
    try:
        loss.generator(fake, None)
    except Exception:
        try:
            loss.generator(fake, real)
        except Exception:  # of something else: the first round says so
            return
        raise UsageError(
            f"{type(loss).__name__}.generator needs real scores: set needs_real = True, or leave them out"
        ) from None


def _check_value(called: str, value: Callable[[slice], Any], scores: tuple[Tensor, ...]) -> None:
    """Raises UsageError for what is no tensor of one finite number that depends on the scores."""
    try:
        given, again = value(slice(None)), value(slice(None))
    except TypeError as error:  # as of parameters that it has not
        raise UsageError(f"{called} failed on scores [{COUNT}]: {one_line(str(error))}") from error
    except Exception:  # as of scores of another number: the first round says so
        return
    if not isinstance(given, Tensor):
        raise UsageError(f"{called} gave {type(given).__name__}; needed: a tensor of one number, such as a mean")
    if given.dim():
        shape = list(given.shape)
        raise UsageError(f"{called} gave a tensor {shape} for scores [{COUNT}]; needed: one number, such as its mean")
    if not given.is_floating_point():
        raise UsageError(f"{called} gave a number of {given.dtype}; needed: a real number, as torch.float32 is")
    if not given.isfinite():
        raise UsageError(f"{called} gave {given.item()} for scores that are normal numbers: they are no probabilities")
    if not torch.equal(given, again):
        raise UsageError(f"{called} gave two numbers for the same scores: without random numbers and counts of its own")
    if not given.requires_grad or all(
        each is None for each in torch.autograd.grad(given, scores, allow_unused=True, retain_graph=True)
    ):
        raise UsageError(f"{called} gave a number that does not depend on the scores, or was detached from them")


def _is_mean_of_parts(value: Callable[[slice], Tensor], scores: tuple[Tensor, ...]) -> bool:
    """True if gradients by the scores are those of the mean over the batch's halves."""
    half = COUNT // 2
    try:
        whole = _gradients(value(slice(None)), scores)
        parts = _gradients((value(slice(half)) + value(slice(half, None))) / 2, scores)
    except Exception:  # of other numbers of scores, which the first round tells of
        return True
    return all(torch.allclose(one, other, rtol=1e-3, atol=1e-6) for one, other in zip(whole, parts, strict=True))


def _gradients(value: Tensor, scores: tuple[Tensor, ...]) -> list[Tensor]:
    found = torch.autograd.grad(value, scores, allow_unused=True)
    return [torch.zeros_like(of) if each is None else each for each, of in zip(found, scores, strict=True)]
