"""Path length regularisation of the generator (Karras et al. 2020, StyleGAN2, section 3.2 and App. B)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from steadygan.checks import within
from steadygan.errors import UsageError
from steadygan.penalties.base import check_interval, check_weight
from steadygan.penalties.critic_gradients import check_callable, measured_gradient
from steadygan.penalties.gradient_norms import gradient_of
from steadygan.schedules import Schedule
from steadygan.scores import widened
from steadygan.types import PlayerName, RandomSpec, scales_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.networks.layers.drawn import DrawnGenerator

_SMALLEST_SQUARE = 1e-8  # under the root: a length of exactly 0 would have an infinite derivative


class PathLengthState(NamedTuple):
    """State of the path length penalty."""

    mean_length: Tensor
    """a: running mean of path lengths, 0-d"""


def path_lengths(generator: Callable[..., Any], latents: Tensor, labels: Tensor | None, random: Tensor) -> Tensor:
    """||J^T y||_2 for each sample, [n]: how far a small step in the latent moves the image (StyleGAN2, eq. 4).

    J is the generator's Jacobian and y = random / sqrt(H W), so that lengths do not grow with the resolution; of
    signals it is sqrt(T), of volumes sqrt(D H W), of points 1. As of ``gradient_norm_at``: by kernels that have a
    second derivative, without compilation, also under no_grad, and every parameter of the generator gets a gradient.

    Args:
        generator: maps (latents, labels) to images [n, C, H, W], each by itself; of ``Scales`` the finest counts
        latents: [n, D], or [n, L, D], of whose layers the mean square is taken; [n, D, 1, 1], as DCGAN's code has them
        labels: [n] or None
        random: standard normal, [n, C, H, W]

    Raises:
        UsageError: if images and random numbers differ in shape, and for latents of another shape, or that are no
            floating-point numbers.
    """
    check_callable("generator", generator, "(latents, labels) to samples")
    shape = tuple(getattr(latents, "shape", (1, 1)))  # of other types it is said below
    if not 2 <= len(_without_ones(shape)) <= 3:
        raise UsageError(f"latents have shape {list(shape)}; allowed: [n, D], [n, L, D] or [n, D, 1, 1]")
    return measured_gradient(lambda z: (_moved(generator, z, labels, random), 1.0), latents, generator, _length)


def _moved(generator: Callable[..., Any], latents: Tensor, labels: Tensor | None, random: Tensor) -> Tensor:
    """The sum of images times y, a scalar."""
    images = scales_of(generator(latents, labels))[-1]
    if images.shape != random.shape:
        raise UsageError(f"random has shape {list(random.shape)}, the images {list(images.shape)}; needed: equal ones")
    y = random / math.prod(random.shape[2:]) ** 0.5
    total: Tensor = (images * y).sum()
    return total


def _length(gradient: Tensor) -> Tensor:
    gradient = widened(gradient).reshape(_without_ones(gradient.shape))
    square = gradient.square().sum(-1).flatten(1).mean(1) if gradient.dim() > 2 else gradient.square().sum(-1)
    return (square + _SMALLEST_SQUARE).sqrt()


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape of four dimensions or more without the last ones of size 1; [n, 1, 1, 1] is [n, 1]."""
    if len(shape) < 4:
        return shape
    kept = len(shape)
    while kept > 2 and shape[kept - 1] == 1:
        kept -= 1
    return shape[:kept]


@dataclass(frozen=True)
class PathLength:
    """weight E (||J^T y|| - a)^2, a the running mean of the lengths (StyleGAN2, eq. 4).

    The updated mean enters the loss with its graph, as in the authors' code.
    """

    weight: float | Schedule = 2.0
    """gamma_pl; may be a schedule over rounds"""
    every: int = 4
    """lazy regularisation: applied on every so many generator steps, with the weight times that number"""
    decay: float = 0.01
    """weight of a step's mean length in the running mean"""
    shrink: int = 2
    """the penalty uses one in so many samples of the batch"""
    player: ClassVar[PlayerName] = "generator"
    sees_batch: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_weight("PathLength.weight", self.weight)
        check_interval("PathLength.every", self.every)
        within("PathLength.decay", self.decay, 0, 1)
        check_interval("PathLength.shrink", self.shrink)

    def random_spec(self, shape: tuple[int, ...]) -> RandomSpec:
        return RandomSpec("normal", shape)

    def initial_state(self) -> tuple[Tensor, ...]:
        import torch

        return PathLengthState(torch.zeros(()))

    def measure(
        self, generator: nn.Module | DrawnGenerator, latents: Tensor, labels: Tensor | None, random: Tensor | None
    ) -> Tensor:
        """Path lengths of every ``shrink``-th sample, [n / shrink]; of a style-based generator those in its styles."""
        from steadygan.networks.layers.drawn import DrawnGenerator

        assert random is not None
        rows = slice(None, None, self.shrink)
        of_rows, y, points = None if labels is None else labels[rows], random[rows], latents[rows]
        if not isinstance(generator, DrawnGenerator):
            return _length(gradient_of(lambda z: _moved(generator, z, of_rows, y), points))
        part = generator.of_rows(rows)
        styles = part.styles(points, of_rows)
        return _length(gradient_of(lambda w: _moved(part.synthesize, w, of_rows, y), styles, keeps_graph=True))

    def hold(self, measured: Tensor, state: Any) -> Tensor:
        """Lengths [N] to unweighted penalties [N]."""
        return (measured - self._updated_mean(measured, state)).square()

    def next_state(self, measured: Tensor, state: Any) -> tuple[Tensor, ...]:
        return PathLengthState(self._updated_mean(measured, state))

    def _updated_mean(self, measured: Tensor, state: Any) -> Tensor:
        (mean,) = state
        updated: Tensor = mean + self.decay * (measured.mean() - mean)
        return updated
