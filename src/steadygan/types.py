"""Shared types: batches, critic outputs, multi-scale samples and the shape of a sample.

Nothing here imports torch at run time, so recipes and the command line load quickly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypeVar, get_args

from steadygan.errors import UsageError, nearest

if TYPE_CHECKING:
    from torch import Tensor


PlayerName: TypeAlias = Literal["critic", "generator"]
PLAYERS: tuple[PlayerName, ...] = ("critic", "generator")
"""The two players, in the order in which a round steps them."""


@dataclass(frozen=True, eq=False)
class Scales:
    """N samples of several levels, coarse to fine: one tensor per resolution of a multi-scale image, or features and
    then the images of these."""

    images: tuple[Tensor, ...]
    """[N, C, H, W] each, H and W twice those of the one before; features [N, F]"""

    @property
    def finest(self) -> Tensor:
        return self.images[-1]


Sample: TypeAlias = "Tensor | Scales"
"""One batch of samples: points [N, D], text [N, V, L] (a number for each of V characters at each of L positions),
signals [N, C, T], images [N, C, H, W], volumes [N, C, D, H, W], or images of several scales."""

S = TypeVar("S", bound="Tensor | Scales")


def scales_of(samples: Sample) -> tuple[Tensor, ...]:
    """The tensors of a batch of samples, coarse to fine; a single one if it is a plain tensor."""
    return samples.images if isinstance(samples, Scales) else (samples,)


def sample_count(samples: Sample) -> int:
    """The number of samples, N."""
    return len(scales_of(samples)[0])


def at_each_scale(function: Callable[..., Tensor], first: S, *others: S) -> S:
    """Applies a function to each scale of one or several batches of samples; to plain tensors directly.

    Raises:
        UsageError: if they do not have the same scales.
    """
    result: Any
    if any(isinstance(each, Scales) for each in (first, *others)):
        _check_same_scales(first, *others)
        result = Scales(tuple(function(*parts) for parts in zip(*map(scales_of, (first, *others)), strict=True)))
    else:
        result = function(first, *others)
    samples: S = result
    return samples


def _check_same_scales(*batches: Sample) -> None:
    forms = [[each.shape[-1] for each in batch.images] if isinstance(batch, Scales) else [] for batch in batches]
    for form in forms[1:]:
        if form != forms[0]:
            first, other = (f"scales of {', '.join(map(str, f))} px" if f else "one size" for f in (forms[0], form))
            raise UsageError(
                f"samples have {first} on one side, {other} on the other: "
                "networks of multi-scale images go with representation Pyramid, all others without"
            )


def join_samples(first: S, second: S) -> S:
    """Concatenates two batches of samples."""
    import torch

    return at_each_scale(lambda *parts: torch.cat(parts), first, second)


def means_like(fine: Tensor, like: S) -> S:
    """``fine`` [N, C, H, W] average-pooled to the sizes of ``like``; unchanged if ``like`` is a plain tensor."""

    def pooled(scale: Tensor) -> Tensor:
        if scale.shape == fine.shape:
            return fine
        from torch.nn.functional import avg_pool2d

        return avg_pool2d(fine, fine.shape[-1] // scale.shape[-1])

    return at_each_scale(pooled, like)


def register_scales() -> None:
    """Registers ``Scales`` as a pytree node of torch, so that function transforms and compilers see its tensors.

    Modules that import torch and make ``Scales`` call it; a second call does nothing.
    """
    from torch.utils import _pytree

    if Scales not in _pytree.SUPPORTED_NODES:
        _pytree.register_pytree_node(
            Scales, lambda scales: (list(scales.images), None), lambda images, _: Scales(tuple(images))
        )


class Batch(NamedTuple):
    """A batch of N samples with labels, if the data has them."""

    samples: Sample
    """[N, ...]"""
    labels: Tensor | None = None
    """[N], int64"""
    perturbation: tuple[Tensor, ...] | None = None
    """random numbers of the critic's perturbation, [N, ...] each; None: the samples are not perturbed"""
    latents: Tensor | None = None
    """[N, size], what fakes of several levels were made of"""
    condition: Tensor | None = None
    """[N, F], the features that the images of such fakes were made of"""


class CriticOutput(NamedTuple):
    """Outputs of a critic, one row per sample; the objective gives ``score`` its meaning."""

    score: Tensor
    """[N], float32"""
    class_logits: Tensor | None = None
    """[N, classes], of an auxiliary classifier"""
    features: Tensor | None = None
    """[N, width], the last hidden layer"""
    code: Tensor | None = None
    """[N, width], the code of an autoencoder critic"""
    labels: Tensor | None = None
    """[N], copied from the Batch by the bound critic"""
    patches: tuple[Tensor, ...] | None = None
    """[N, P] for each scale: scores of P patches, which losses take one by one; ``score`` is their mean"""
    levels: Tensor | None = None
    """[N, L], of samples of L levels with critics of their own: each level's scores; ``score`` is the finest one's"""
    recovered: tuple[Tensor, ...] | None = None
    """[N, z] for each such level: the noise that the critic reads from the samples"""
    latents: Tensor | None = None
    """[N, size], of fakes of several levels, copied from the Batch"""


Critic: TypeAlias = Callable[[Batch], CriticOutput]
"""A critic network with everything but the batch bound."""


SampleKind: TypeAlias = Literal["points", "text", "signal", "image", "volume"]
"""What the numbers of a sample are: points ``(D,)`` (a row of a table), text ``(V, L)``, a signal ``(C, T)``, an image
``(C, H, W)``, a volume ``(C, D, H, W)``."""

_DIMENSIONS: dict[str, int] = {"points": 1, "text": 2, "signal": 2, "image": 3, "volume": 4}
_BY_DIMENSIONS: dict[int, SampleKind] = {1: "points", 2: "text", 3: "image", 4: "volume"}
_MOST_COLOURS = 4


def has_alpha(channels: int) -> bool:
    """True for pictures of 2 (grey, alpha) or 4 channels (colour, alpha)."""
    return channels in (2, 4)


def kind_of_shape(shape: tuple[int, ...]) -> SampleKind:
    """The kind that a shape has if none is named: points, text, image or volume, by the number of dimensions."""
    if len(shape) not in _BY_DIMENSIONS:
        raise UsageError(f"a sample has 1 to 4 dimensions, got shape {list(shape)}")
    return _BY_DIMENSIONS[len(shape)]


@dataclass(frozen=True)
class SampleSpec:
    """Shape of one sample in the networks, and what it is.

    ``(2,)`` for points, ``(V, L)`` for text, ``(C, T)`` for signals, ``(C, H, W)`` for images, ``(C, D, H, W)`` for
    volumes.
    """

    shape: tuple[int, ...]
    classes: int = 0
    """number of classes, 0 for data without labels"""
    kind: SampleKind | Literal[""] = ""
    """what a sample is; left out, it follows from the number of dimensions (2: text), so signals are named"""

    def __post_init__(self) -> None:
        inferred = kind_of_shape(self.shape)
        if not self.kind:
            object.__setattr__(self, "kind", inferred)
        elif _DIMENSIONS.get(self.kind) != len(self.shape):
            named = ", ".join(f"{kind} {count}" for kind, count in _DIMENSIONS.items())
            raise UsageError(f"a sample of shape {list(self.shape)} is no {self.kind!r}; dimensions: {named}")

    @property
    def is_image(self) -> bool:
        return self.kind == "image"

    @property
    def is_picture(self) -> bool:
        """An image of 1 to 4 channels, which is stored in 8 bits; images of more bands are stored as float32."""
        return self.is_image and self.shape[0] <= _MOST_COLOURS

    @property
    def side(self) -> int:
        """The shorter side of an image in pixels; of other samples the last number of their shape."""
        return min(self.shape[1:]) if self.is_image else self.shape[-1]

    @property
    def is_text(self) -> bool:
        """L positions with a number for each of V characters."""
        return self.kind == "text"

    @property
    def is_points(self) -> bool:
        return self.kind == "points"

    @property
    def is_signal(self) -> bool:
        """C channels of T values, such as leads of an electrocardiogram."""
        return self.kind == "signal"

    @property
    def is_volume(self) -> bool:
        return self.kind == "volume"

    @property
    def is_grid(self) -> bool:
        """C channels over 1, 2 or 3 dimensions, which convolutions are for: a signal, an image or a volume."""
        return self.kind in ("signal", "image", "volume")

    @property
    def plural(self) -> str:
        """The samples in words: 'points', 'text', 'signals', 'pictures', 'images of many bands' or 'volumes'."""
        if self.is_image and not self.is_picture:
            return "images of many bands"
        words: dict[str, str] = {"image": "pictures", "signal": "signals", "volume": "volumes"}
        return words.get(self.kind, self.kind)

    def __str__(self) -> str:
        what = "x".join(str(n) for n in self.shape)
        if self.is_text:
            what = f"text of {self.shape[1]} characters ({self.shape[0]} different ones)"
        if self.is_signal or self.is_volume:
            what = f"{what} ({self.kind})"
        return f"{what}, {self.classes} classes" if self.classes else what


Distribution: TypeAlias = Literal["normal", "uniform"]


@dataclass(frozen=True)
class RandomSpec:
    """Distribution and shape of the random numbers that a component needs for each sample.

    They are drawn outside, so that the component is a pure function.
    """

    distribution: Distribution
    """standard normal, or uniform on [0, 1)"""
    shape: tuple[int, ...] = ()
    """for one sample; () is one number"""

    def __post_init__(self) -> None:
        known = get_args(Distribution)
        if self.distribution not in known:
            raise UsageError(
                f"RandomSpec.distribution is {self.distribution!r}; allowed: {', '.join(known)}"
                f"{nearest(self.distribution, known)}"
            )
