"""Sensitivity of a generator to its latents: norm of its Jacobian, and share of directions without effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from steadygan.checks import above, whole_number, within
from steadygan.diagnostics.signals.host import host_array
from steadygan.errors import UsageError
from steadygan.types import Scales

if TYPE_CHECKING:
    from torch import Tensor

_SEED = 0


class Sensitivity(NamedTuple):
    """Response of a generator to its latents, in units of its samples per unit of latent."""

    jacobian_norm: float
    """root mean square over latents of the Frobenius norm of dG/dz"""
    lowest: float
    """of the directions, the smallest root mean square norm of the column of dG/dz"""
    highest: float
    dead: float
    """share of directions whose norm is below ``dead_below`` of the root mean square one; 1 if nothing responds"""


def sensitivity(
    generator: Callable[[Tensor], Any],
    latents: Tensor,
    *,
    directions: int = 32,
    step: float = 0.01,
    dead_below: float = 0.01,
) -> Sensitivity:
    """Jacobian norm and dead directions of G, by central differences (G(z + h e) - G(z - h e)) / 2h at N latents.

    G is a module or function that maps latents [N, ...] to samples [N, ...] (of several scales the finest counts),
    without gradients. Modules are put in eval mode and back, and the random numbers of torch are the same at both ends
    and given back afterwards, so that nothing of a training changes. Bind labels first: ``lambda z: G(z, labels)``
    then sees N rows of z at a time, in two passes a direction, and the mode is the caller's to set.

    Exact for a linear generator up to rounding, about 1e-7 |G| / h in float32: a norm below that is none. Autocast is
    off, whose rounding is as large as the differences; G itself must not enter it. The norm of all directions is
    extrapolated from those looked at, which are drawn once by a fixed seed. The device is read once.

    Known: a collapsed or dead generator responds with about 0 (div 1e-8, gradient 0 [measured small-scale]); a latent
    that is ignored though samples differ points to class labels or noise inputs that do all the work.

    Args:
        generator: G
        latents: [N, ...], N of 8 to 64 will do
        directions: most coordinates of a latent that are tried
        step: h
        dead_below: share of the root mean square norm

    Raises:
        UsageError: latents that are no float32 or float64 tensor [N, ...], samples of another number, NaN from G.
    """
    import torch

    whole_number("directions", directions)
    above("step", step, 0)
    within("dead_below", dead_below, 0, 1, open_high=True)
    if not isinstance(latents, torch.Tensor):
        raise UsageError(f"latents must be a float32 or float64 tensor [N, ...]; got {type(latents).__name__}")
    if latents.dtype not in (torch.float32, torch.float64) or latents.dim() < 2:
        got = f"{latents.dtype} {list(latents.shape)}"
        raise UsageError(f"latents must be a float32 or float64 tensor [N, ...]; got {got}")
    flat = latents.detach().reshape(len(latents), -1)
    width = flat.shape[1]
    if flat.numel() == 0:
        raise UsageError(f"latents must be numbers [N, ...], at least one; got shape {list(latents.shape)}")
    chosen = np.sort(np.random.default_rng(_SEED).permutation(width)[:directions])
    with torch.no_grad(), _undisturbed(generator, latents):
        squares = torch.stack([_squared_response(generator, latents, flat, int(i), step) for i in chosen])
    norms = np.sqrt(host_array(squares))
    if not np.isfinite(norms).all():
        raise UsageError("the generator returned NaN or infinite samples; sensitivity needs finite numbers")
    root_mean_square = float(np.sqrt(np.square(norms).mean()))
    dead = float((norms < dead_below * root_mean_square).mean()) if root_mean_square else 1.0
    return Sensitivity(root_mean_square * float(np.sqrt(width)), float(norms.min()), float(norms.max()), dead)


def _squared_response(
    generator: Callable[[Tensor], Any], latents: Tensor, flat: Tensor, direction: int, step: float
) -> Tensor:
    """0-d: the mean over latents of the squared norm of a column of the Jacobian."""
    ends = []
    for sign in (1, -1):
        moved = flat.clone()
        moved[:, direction] += sign * step
        ends.append(_samples(generator, moved.reshape(latents.shape)))
    return ((ends[0] - ends[1]) / (2 * step)).flatten(1).square().sum(dim=1).mean()


def _samples(generator: Callable[[Tensor], Any], latents: Tensor) -> Tensor:
    """The generator's samples of latents, with the same random numbers in every call, in float32 or float64."""
    import torch

    from steadygan.measuring import seed_random_numbers
    from steadygan.scores import widened

    seed_random_numbers(_SEED)
    made = generator(latents)
    if isinstance(made, Scales):
        made = made.finest
    if isinstance(made, list | tuple) and made:
        made = made[-1]
    is_samples = isinstance(made, torch.Tensor) and made.is_floating_point() and made.dim() > 1
    if not is_samples or len(made) != len(latents):
        got = list(made.shape) if isinstance(made, torch.Tensor) else type(made).__name__
        raise UsageError(f"the generator gave {got} for {len(latents)} latents; needed: samples [N, ...], or scales")
    return widened(made)


@contextmanager
def _undisturbed(generator: Any, latents: Tensor) -> Iterator[None]:
    """Eval mode, no autocast, and torch's random numbers kept; each module's own mode comes back."""
    import torch

    from steadygan.measuring import preserved_random_state, without_autocast

    modules = list(generator.modules()) if isinstance(generator, torch.nn.Module) else []
    modes = [module.training for module in modules]
    with preserved_random_state(), without_autocast(latents.device):
        try:
            for module in modules:
                module.training = False
            yield
        finally:
            for module, mode in zip(modules, modes, strict=True):
                module.training = mode
