"""Gradient penalties: where the critic's input gradient is taken, and what its norm is held to.

First the library form, on tensors and any callable critic; below it the specs that recipes are made of. The norm is
taken per sample over all other dimensions, and of multi-scale images (``Scales``) over all scales together; the mean
over samples comes last. x are real and g fake samples, D the critic, and slope means ||grad D||_2 at a sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

from steadygan.schedules import Schedule, check_schedule
from steadygan.types import Noise, S, Sample, UsageError, at_each_scale, means_like, sample_count, scales_of

if TYPE_CHECKING:
    from torch import Tensor

ScoreFunction: TypeAlias = "Callable[[Any], Tensor]"
"""Samples, a tensor or ``Scales``, to scores [N]."""
PlaceFunction: TypeAlias = "Callable[[Any, Any], Sample]"

_SMALLEST_SQUARE = 1e-12  # under the root: a slope of exactly 0 would have an infinite derivative


def between(real: S, fake: S, mix: Tensor | None = None) -> S:
    """Points eps x + (1 - eps) g on the lines between pairs, one eps ~ U[0, 1) a sample (WGAN-GP, Algorithm 1).

    Args:
        real: [N, ...]; a multi-scale image has one eps for all its scales
        fake: [N, ...], the same shape
        mix: eps, [N]; drawn from torch's default generator where it is not given

    Raises:
        ValueError: if the shapes differ; a single fake would be spread over all real samples in silence.
    """
    import torch

    first = scales_of(real)[0]
    eps = torch.rand(first.shape[0], device=first.device, dtype=first.dtype) if mix is None else mix

    def point(x: Tensor, g: Tensor) -> Tensor:
        if x.shape != g.shape:
            raise ValueError(f"real samples have shape {list(x.shape)}, fakes {list(g.shape)}; pairs need equal ones")
        return torch.lerp(g, x, eps.reshape(-1, *(1,) * (x.dim() - 1)).to(x.dtype))

    return at_each_scale(point, real, fake)


def on_real(real: S, fake: S) -> S:
    """The real samples (R1; Mescheder et al. 2018)."""
    return real


def on_fake(real: S, fake: S) -> S:
    """The fake samples (R2; Mescheder et al. 2018)."""
    return fake


def near_real(real: S, fake: S, noise: Tensor | None = None, scale: float = 0.5) -> S:
    """Points x + scale std(x) u around the real samples, u ~ U[0, 1) an element (DRAGAN, Kodali et al. 2017).

    std is over the whole batch, as in the published code. ``noise`` is u, [N, ...]. Of multi-scale images both are
    those of the finest scale, and the coarser ones get the means of u: they become the scales of the moved image.
    """
    import torch

    finest = scales_of(real)[-1]
    u = torch.rand_like(finest) if noise is None else noise
    reach = scale * finest.detach().std()
    return at_each_scale(lambda x, moved: x + reach * moved.to(x.dtype), real, means_like(u, real))


def input_slope(scores: Tensor, samples: Sample) -> Tensor:
    """||d score_i / d sample_i||_2 for each sample, [N], differentiable once more.

    Args:
        scores: [N], computed from ``samples`` with no dependence of one sample's score on another's
        samples: [N, ...], requires grad
    """
    import torch

    return slope_of(*torch.autograd.grad(scores.sum(), scales_of(samples), create_graph=True))


def slope_of(gradient: Tensor, *others: Tensor) -> Tensor:
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


def _detached(samples: S) -> S:
    return at_each_scale(lambda tensor: tensor.detach(), samples)


def slope_at(critic: ScoreFunction, points: Sample) -> Tensor:
    """The critic's slope at each point, [N], differentiable in the critic's parameters; also inside torch.compile.

    Raises:
        ValueError: if the critic does not answer with one score a sample.
    """
    import torch

    points = _detached(points)
    if torch.compiler.is_compiling():  # what is compiled can be differentiated once: this puts both into its graph
        gradient = torch.func.grad(lambda samples: _scores(critic, samples).sum())(points)
        return slope_of(*scales_of(gradient))
    points = at_each_scale(lambda tensor: tensor.requires_grad_(True), points)
    return input_slope(_scores(critic, points), points)


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


def gradient_penalty(
    critic: ScoreFunction,
    real: S,
    fake: S,
    *,
    target: float = 1.0,
    one_sided: bool = False,
    at: PlaceFunction = between,
) -> Tensor:
    """E (slope - target)^2 at points given by ``at``, a scalar without weight (WGAN-GP, Gulrajani et al. 2017, eq. 3).

    Add ``10.0 * gradient_penalty(critic, real, fake)`` to the critic's loss.

    Args:
        critic: maps samples [N, ...] to scores [N]; must score each sample by itself (no batch norm)
        real: [N, ...], a tensor or ``Scales``
        fake: [N, ...], of the same kind; its graph is not followed
        target: what the slope is held to
        one_sided: only slopes above the target cost (App. C)
        at: ``between``, ``on_real``, ``on_fake``, ``near_real``, or any map (real, fake) -> points

    Raises:
        ValueError: if the critic does not answer with one score a sample.
    """
    slope = slope_at(critic, at(_detached(real), _detached(fake)))
    excess = slope - target
    return (excess.relu() if one_sided else excess).square().mean()


def r1_penalty(critic: ScoreFunction, real: Sample, gamma: float = 10.0) -> Tensor:
    """gamma/2 E slope^2 on real samples, a scalar (Mescheder et al. 2018, eq. 9)."""
    return 0.5 * gamma * slope_at(critic, real).square().mean()


def r2_penalty(critic: ScoreFunction, fake: Sample, gamma: float = 10.0) -> Tensor:
    """gamma/2 E slope^2 on fake samples, a scalar (Mescheder et al. 2018)."""
    return 0.5 * gamma * slope_at(critic, fake).square().mean()


def drift_penalty(real_scores: Tensor, weight: float = 1e-3) -> Tensor:
    """weight E D(x)^2: keeps the scores near 0 (ProGAN, Karras et al. 2018, App. A.1)."""
    return weight * real_scores.square().mean()


class PlaceLike(Protocol):
    """Where a penalty takes the gradient. ``points`` is pure: what is random comes in as ``noise``."""

    shares_pass: ClassVar[str]
    """'real' or 'fake' where the points are a batch that is scored anyway, else ''"""
    sees_batch: ClassVar[bool]
    """does a point depend on the whole batch, beyond its own pair?"""

    def noise(self, shape: tuple[int, ...]) -> Noise | None: ...
    def points(self, real: S, fake: S, noise: Tensor | None) -> S: ...


@dataclass(frozen=True)
class Between:
    """On the lines between real and fake samples, one eps a sample (WGAN-GP)."""

    shares_pass: ClassVar[str] = ""
    sees_batch: ClassVar[bool] = False

    def noise(self, shape: tuple[int, ...]) -> Noise | None:
        return Noise("uniform")

    def points(self, real: S, fake: S, noise: Tensor | None) -> S:
        return between(real, fake, noise)


@dataclass(frozen=True)
class OnReal:
    """At the real samples (R1)."""

    shares_pass: ClassVar[str] = "real"
    sees_batch: ClassVar[bool] = False

    def noise(self, shape: tuple[int, ...]) -> Noise | None:
        return None

    def points(self, real: S, fake: S, noise: Tensor | None) -> S:
        return real


@dataclass(frozen=True)
class OnFake:
    """At the fake samples (R2)."""

    shares_pass: ClassVar[str] = "fake"
    sees_batch: ClassVar[bool] = False

    def noise(self, shape: tuple[int, ...]) -> Noise | None:
        return None

    def points(self, real: S, fake: S, noise: Tensor | None) -> S:
        return fake


@dataclass(frozen=True)
class NearReal:
    """Around the real samples (DRAGAN)."""

    scale: float = 0.5
    """in standard deviations of the batch"""
    shares_pass: ClassVar[str] = ""
    sees_batch: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0.0 <= self.scale < math.inf:
            raise UsageError(f"NearReal.scale is {self.scale}; it has to be 0 or more, and finite")

    def noise(self, shape: tuple[int, ...]) -> Noise | None:
        return Noise("uniform", shape)

    def points(self, real: S, fake: S, noise: Tensor | None) -> S:
        return near_real(real, fake, noise, self.scale)


if TYPE_CHECKING:
    Place: TypeAlias = PlaceLike
else:
    Place = Between | OnReal | OnFake | NearReal


def _check_weight(what: str, weight: float | Schedule) -> None:
    if not isinstance(weight, int | float):
        check_schedule(what, weight)
    elif not 0.0 <= weight < math.inf:
        raise UsageError(f"{what} is {weight}; a penalty's weight has to be 0 or more, and finite")


@dataclass(frozen=True)
class GradientPenalty:
    """weight E (slope - target)^2 (WGAN-GP, eq. 3; one-sided: App. C; with another place DRAGAN)."""

    weight: float | Schedule = 10.0
    """lambda; a schedule: by round"""
    target: float = 1.0
    """what the slope is held to"""
    one_sided: bool = False
    """only slopes above the target cost"""
    at: Place = Between()
    """where the gradient is taken"""

    def __post_init__(self) -> None:
        _check_weight("GradientPenalty.weight", self.weight)
        if not 0.0 <= self.target < math.inf:
            raise UsageError(f"GradientPenalty.target is {self.target}; a slope to hold to is 0 or more, and finite")

    def hold(self, slope: Tensor) -> Tensor:
        """Slopes [N] to unweighted penalties [N]."""
        excess = slope - self.target
        return (excess.relu() if self.one_sided else excess).square()


@dataclass(frozen=True)
class R1:
    """gamma/2 E slope^2 on real samples (Mescheder et al. 2018)."""

    gamma: float | Schedule = 10.0
    """twice the weight of the squared slope; a schedule: by round"""

    def __post_init__(self) -> None:
        _check_weight("R1.gamma", self.gamma)

    @property
    def weight(self) -> float | Schedule:
        return self.gamma

    @property
    def at(self) -> Place:
        return OnReal()

    def hold(self, slope: Tensor) -> Tensor:
        """Slopes [N] to unweighted penalties [N]."""
        return 0.5 * slope.square()


@dataclass(frozen=True)
class R2:
    """gamma/2 E slope^2 on fake samples (Mescheder et al. 2018)."""

    gamma: float | Schedule = 10.0
    """twice the weight of the squared slope; a schedule: by round"""

    def __post_init__(self) -> None:
        _check_weight("R2.gamma", self.gamma)

    @property
    def weight(self) -> float | Schedule:
        return self.gamma

    @property
    def at(self) -> Place:
        return OnFake()

    def hold(self, slope: Tensor) -> Tensor:
        """Slopes [N] to unweighted penalties [N]."""
        return 0.5 * slope.square()


@dataclass(frozen=True)
class Drift:
    """weight E D(x)^2 on the scores of real samples (ProGAN, App. A.1); needs no gradient of the input."""

    weight: float | Schedule = 1e-3
    """epsilon_drift; a schedule: by round"""

    def __post_init__(self) -> None:
        _check_weight("Drift.weight", self.weight)

    @property
    def at(self) -> None:
        return None

    def hold(self, slope: Tensor) -> Tensor:
        """Scores of real samples [N] to unweighted penalties [N]."""
        return slope.square()


class PenaltyLike(Protocol):
    """A place, a rule and a weight. ``at`` None: the rule is held against the scores of real samples.

    A weight that is a schedule is evaluated on the host once a round, and read on the device as a 0-d tensor.
    """

    @property
    def weight(self) -> float | Schedule: ...
    @property
    def at(self) -> Place | None: ...
    def hold(self, slope: Tensor) -> Tensor: ...


if TYPE_CHECKING:
    Penalty: TypeAlias = PenaltyLike
else:
    Penalty = GradientPenalty | R1 | R2 | Drift
