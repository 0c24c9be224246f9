"""The bundles that travel between the parts, and the errors they raise.

Nothing here imports torch at run time, so recipes and the command line stay quick to load.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypeVar

from steadygan.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor


PlayerName: TypeAlias = Literal["critic", "generator"]
PLAYERS: tuple[PlayerName, ...] = ("critic", "generator")
"""The networks that play against each other, in the order in which a round steps them."""


@dataclass(frozen=True, eq=False)
class Scales:
    """The sizes of N multi-scale images, coarse to fine."""

    images: tuple[Tensor, ...]
    """[N, C, H, W] each, H and W twice those of the one before"""

    @property
    def finest(self) -> Tensor:
        return self.images[-1]


Sample: TypeAlias = "Tensor | Scales"
"""One batch of samples: points [N, D], text [N, V, L] (a number for each of V characters at each of L places), images
[N, C, H, W], or images of several scales."""

S = TypeVar("S", bound="Tensor | Scales")


def scales_of(samples: Sample) -> tuple[Tensor, ...]:
    """The tensors of a batch of samples, coarse to fine; one where it is a plain tensor."""
    return samples.images if isinstance(samples, Scales) else (samples,)


def sample_count(samples: Sample) -> int:
    """N."""
    return len(scales_of(samples)[0])


def at_each_scale(function: Callable[..., Tensor], first: S, *others: S) -> S:
    """The function of one or several batches of samples, scale by scale; of the tensors where these are plain.

    Raises:
        UsageError: where they do not have the same scales.
    """
    result: Any
    if any(isinstance(each, Scales) for each in (first, *others)):
        _check_alike(first, *others)
        result = Scales(tuple(function(*parts) for parts in zip(*map(scales_of, (first, *others)), strict=True)))
    else:
        result = function(first, *others)
    kept: S = result
    return kept


def _check_alike(*batches: Sample) -> None:
    forms = [[each.shape[-1] for each in batch.images] if isinstance(batch, Scales) else [] for batch in batches]
    for form in forms[1:]:
        if form != forms[0]:
            first, other = (f"scales of {', '.join(map(str, f))} px" if f else "one size" for f in (forms[0], form))
            raise UsageError(
                f"samples have {first} on one side, {other} on the other: "
                "networks of multi-scale images go with representation Pyramid, all others without"
            )


def join_samples(first: S, second: S) -> S:
    """Both batches as one."""
    import torch

    return at_each_scale(lambda *parts: torch.cat(parts), first, second)


def means_like(fine: Tensor, like: S) -> S:
    """``fine`` [N, C, H, W] at the sizes of ``like``, by means over squares; as it is where ``like`` is plain."""

    def at(size: Tensor) -> Tensor:
        if size.shape == fine.shape:
            return fine
        from torch.nn.functional import avg_pool2d

        return avg_pool2d(fine, fine.shape[-1] // size.shape[-1])

    return at_each_scale(at, like)


def register_scales() -> None:
    """Makes ``Scales`` a node of torch's pytrees, so that function transforms and compilers look into it.

    Modules that import torch and make ``Scales`` call it; a second call does nothing.
    """
    from torch.utils import _pytree

    if Scales not in _pytree.SUPPORTED_NODES:
        _pytree.register_pytree_node(
            Scales, lambda scales: (list(scales.images), None), lambda images, _: Scales(tuple(images))
        )


class Batch(NamedTuple):
    """N samples and, where the data has them, their labels."""

    samples: Sample
    """[N, ...]"""
    labels: Tensor | None = None
    """[N], int64"""
    perturbation: tuple[Tensor, ...] | None = None
    """[N, ...] each: the numbers by which the critic sees the samples perturbed; None: it sees them as they are"""


class CriticOutput(NamedTuple):
    """What a critic says of N samples, one row a sample; the objective gives ``score`` its meaning."""

    score: Tensor
    """[N], float32"""
    class_logits: Tensor | None = None
    """[N, classes]: the head of an auxiliary classifier"""
    features: Tensor | None = None
    """[N, width]: the last hidden layer"""
    code: Tensor | None = None
    """[N, width]: the code of an autoencoder critic"""
    labels: Tensor | None = None
    """[N], copied from the Batch by the bound critic"""


Critic: TypeAlias = Callable[[Batch], CriticOutput]
"""A critic network with everything but the batch bound."""


@dataclass(frozen=True)
class SampleSpec:
    """What one sample looks like to the networks: ``(2,)`` for points, ``(V, L)`` for text, ``(C, H, W)`` for
    images."""

    shape: tuple[int, ...]
    classes: int = 0
    """number of classes, 0 where the data has no labels"""

    @property
    def is_image(self) -> bool:
        return len(self.shape) == 3

    @property
    def is_text(self) -> bool:
        """L places with a number for each of V characters."""
        return len(self.shape) == 2

    @property
    def is_points(self) -> bool:
        return len(self.shape) == 1

    def __str__(self) -> str:
        what = "x".join(str(n) for n in self.shape)
        if self.is_text:
            what = f"text of {self.shape[1]} characters ({self.shape[0]} different ones)"
        return f"{what}, {self.classes} classes" if self.classes else what


@dataclass(frozen=True)
class RandomSpec:
    """Random numbers that a part wants for each sample; drawn for it, so that the part itself is pure."""

    distribution: Literal["normal", "uniform"]
    """standard normal, or uniform on [0, 1)"""
    shape: tuple[int, ...] = ()
    """per sample; () is one number a sample"""
