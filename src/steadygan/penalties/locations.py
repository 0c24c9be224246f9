"""Sampling locations of gradient penalties: maps of real and fake samples x and g to points, and their specs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

from steadygan.checks import at_least, refused
from steadygan.errors import UsageError, enumerated, nearest
from steadygan.types import RandomSpec, S, Sample, Scales, at_each_scale, means_like, scales_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor

LocationFunction: TypeAlias = "Callable[[Any, Any], Sample]"


def between(real: S, fake: S, mix: Tensor | None = None) -> S:
    """Points eps x + (1 - eps) g on the lines between pairs, one eps ~ U[0, 1) a sample (WGAN-GP, Algorithm 1).

    Args:
        real: [N, ...]; a multi-scale image has one eps for all its scales
        fake: [N, ...], the same shape; of two dtypes the points have the wider one
        mix: eps, [N], real also between complex samples; drawn from torch's default generator where it is not given

    Raises:
        UsageError: if shapes or devices differ, and for integers; a single fake would be spread over all real samples
            in silence.
    """
    import torch

    first, other = scales_of(real)[0], scales_of(fake)[0]
    dtype = _common_dtype(first, other)
    real_dtype = dtype.to_real() if dtype.is_complex else dtype  # torch.compile cannot trace the call
    eps = torch.rand(first.shape[0], device=first.device, dtype=real_dtype) if mix is None else mix
    _check_one_a_sample("mix", eps, len(first))

    def point(x: Tensor, g: Tensor) -> Tensor:
        if x.shape != g.shape:
            raise UsageError(f"real samples have shape {list(x.shape)}, fakes {list(g.shape)}; pairs need equal ones")
        if x.dtype != g.dtype:
            x, g = x.to(dtype), g.to(dtype)
        return torch.lerp(g, x, eps.reshape(-1, *(1,) * (x.dim() - 1)).to(x.dtype))

    return at_each_scale(point, real, fake)


def _check_one_a_sample(what: str, numbers: Any, count: int) -> None:
    """Raises UsageError unless there is one number a sample: a single one would be that of the whole batch."""
    shape = getattr(numbers, "shape", None)
    if shape is None or len(shape) == 0 or shape[0] != count or math.prod(shape) != count:
        got = f"of type {type(numbers).__name__}" if shape is None else f"of shape {list(shape)}"
        raise UsageError(f"{what} is {got} for {count} samples; needed: a tensor [N], one number a sample")


def _common_dtype(real: Tensor, fake: Tensor) -> torch.dtype:
    """The dtype of points between two batches."""
    import torch

    dtype = real.dtype if real.dtype == fake.dtype else torch.promote_types(real.dtype, fake.dtype)
    _check_floating_point(dtype, "points between them")
    if real.device != fake.device:
        raise UsageError(f"real samples are on {real.device}, fakes on {fake.device}; pairs need one device")
    return dtype


def _check_floating_point(dtype: torch.dtype, what: str) -> None:
    if not (dtype.is_floating_point or dtype.is_complex):
        raise UsageError(f"samples have dtype {dtype}; {what} need floating point: samples.float()")


def on_real(real: S, fake: S) -> S:
    """The real samples (R1; Mescheder et al. 2018)."""
    return real


def on_fake(real: S, fake: S) -> S:
    """The fake samples (R2; Mescheder et al. 2018)."""
    return fake


def near_real(real: S, fake: S, noise: Tensor | None = None, mix: Tensor | None = None, *, scale: float = 0.5) -> S:
    """Points x + a scale std(x) u on lines that leave the real samples (DRAGAN, Kodali et al. 2017).

    u ~ U[0, 1) an element and a ~ U[0, 1) a sample, std over the whole batch, as in the published code. Of multi-scale
    images std and u are those of the finest scale, and the coarser ones get the means of u: they become the scales of
    the moved image.

    Args:
        real: [N, ...]
        fake: unused
        noise: u, [N, ...]; drawn from torch's default generator where it is not given, as is
        mix: a, [N]
        scale: how far the lines reach, in standard deviations; of complex samples both parts count as numbers

    Raises:
        UsageError: for integers, for random numbers of another shape, and for a batch of one number.
    """
    import torch

    finest = scales_of(real)[-1]
    _check_floating_point(finest.dtype, "points near them")
    if finest.is_complex():
        moved_parts: S = _near_complex(real, noise, mix, scale)
        return moved_parts
    if finest.numel() < 2:
        raise UsageError(f"real samples have shape {list(finest.shape)}: one number has no standard deviation")
    u = torch.rand_like(finest) if noise is None else noise
    a = torch.rand(finest.shape[0], device=finest.device, dtype=finest.dtype) if mix is None else mix
    _check_one_a_sample("mix", a, len(finest))
    if u.shape != finest.shape:
        raise UsageError(f"noise has shape {list(u.shape)}, real samples {list(finest.shape)}; needed: equal ones")
    reach = scale * finest.detach().std() * a

    def point(x: Tensor, moved: Tensor) -> Tensor:
        return x + (reach.reshape(-1, *(1,) * (x.dim() - 1)) * moved).to(x.dtype)

    return at_each_scale(point, real, means_like(u, real))


def _near_complex(real: Any, noise: Tensor | None, mix: Tensor | None, scale: float) -> Any:
    """``near_real`` of complex samples, of which each part is a number."""
    import torch

    if isinstance(real, Scales):
        raise UsageError("near_real takes no complex samples of several scales")
    u = None if noise is None else torch.view_as_real(noise.resolve_conj())
    parts = torch.view_as_real(real.resolve_conj())
    return torch.view_as_complex(near_real(parts, parts, u, mix, scale=scale).contiguous())


class LocationLike(Protocol):
    """Sampling location of the critic's gradient (protocol). ``points`` is pure; random numbers come as ``random``."""

    shares_pass: ClassVar[str]
    """'real' or 'fake' if the points are a batch that is scored anyway, else ''"""
    sees_batch: ClassVar[bool]
    """True if a point depends on the whole batch, beyond its own pair"""
    needs_fake: ClassVar[bool]
    """False if the points need no fake samples"""

    def random_spec(self, shape: tuple[int, ...]) -> RandomSpec | None: ...
    def points(self, real: S, fake: S, random: Tensor | None) -> S: ...


_PARTS = ("shares_pass", "sees_batch", "random_spec", "points")
_PASSES = ("real", "fake", "")


def check_location(name: str, at: object) -> None:
    """Raises UsageError unless a value is a sampling location, with all that its protocol names."""
    missing = [part for part in _PARTS if not hasattr(at, part)]
    if isinstance(at, type) or len(missing) == len(_PARTS):
        raise refused(name, at, "Between(), OnReal(), OnFake(), NearReal(), or one like them")
    if missing:
        raise UsageError(
            f"{name}: {type(at).__name__} has no {enumerated(missing)}; a sampling location has {enumerated(_PARTS)}"
        )
    shared = getattr(at, "shares_pass", "")
    if shared not in _PASSES:
        allowed = f"{', '.join(map(repr, _PASSES))}{nearest(shared, _PASSES)}"
        raise refused(f"{type(at).__name__}.shares_pass", shared, allowed)


@dataclass(frozen=True)
class Between:
    """On the lines between real and fake samples, one eps a sample (WGAN-GP)."""

    shares_pass: ClassVar[str] = ""
    sees_batch: ClassVar[bool] = False
    needs_fake: ClassVar[bool] = True

    def random_spec(self, shape: tuple[int, ...]) -> RandomSpec | None:
        return RandomSpec("uniform")

    def points(self, real: S, fake: S, random: Tensor | None) -> S:
        return between(real, fake, random)


@dataclass(frozen=True)
class OnReal:
    """At the real samples (R1)."""

    shares_pass: ClassVar[str] = "real"
    sees_batch: ClassVar[bool] = False
    needs_fake: ClassVar[bool] = False

    def random_spec(self, shape: tuple[int, ...]) -> RandomSpec | None:
        return None

    def points(self, real: S, fake: S, random: Tensor | None) -> S:
        return real


@dataclass(frozen=True)
class OnFake:
    """At the fake samples (R2)."""

    shares_pass: ClassVar[str] = "fake"
    sees_batch: ClassVar[bool] = False
    needs_fake: ClassVar[bool] = True

    def random_spec(self, shape: tuple[int, ...]) -> RandomSpec | None:
        return None

    def points(self, real: S, fake: S, random: Tensor | None) -> S:
        return fake


@dataclass(frozen=True)
class NearReal:
    """On lines that leave the real samples (DRAGAN)."""

    scale: float = 0.5
    """length of the lines, in standard deviations of the batch"""
    shares_pass: ClassVar[str] = ""
    sees_batch: ClassVar[bool] = True
    needs_fake: ClassVar[bool] = False

    def __post_init__(self) -> None:
        at_least("NearReal.scale", self.scale, 0)

    def random_spec(self, shape: tuple[int, ...]) -> RandomSpec | None:
        return RandomSpec("uniform", (1 + math.prod(shape),))

    def points(self, real: S, fake: S, random: Tensor | None) -> S:
        if random is None:
            return near_real(real, fake, scale=self.scale)
        moved = random[:, 1:].reshape(scales_of(real)[-1].shape)
        return near_real(real, fake, moved, random[:, 0], scale=self.scale)


if TYPE_CHECKING:
    Location: TypeAlias = LocationLike
else:
    Location = Between | OnReal | OnFake | NearReal
