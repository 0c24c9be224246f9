"""The bundles that travel between the parts, and the errors they raise.

Nothing here imports torch at run time, so recipes and the command line stay quick to load.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor

Sample: TypeAlias = "Tensor"
"""One batch of samples: points [N, D], text [N, V, L] (a number for each of V characters at each of L places), or
images [N, C, H, W]."""


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
class Noise:
    """Random numbers that a part wants for each sample; drawn for it, so that the part itself is pure."""

    distribution: Literal["normal", "uniform"]
    """standard normal, or uniform on [0, 1)"""
    shape: tuple[int, ...] = ()
    """per sample; () is one number a sample"""


class SteadyganError(Exception):
    """Something the user can mend; the text is one line: what, got, allowed, nearest spelling."""


class UsageError(SteadyganError, ValueError):
    """A value, a name or a file that was asked for and cannot be used (exit code 2)."""


class DataError(UsageError):
    """Data that cannot be trained on, and why."""


class RunError(SteadyganError, RuntimeError):
    """A run that had to stop, or a run folder that cannot be used."""


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for an unknown name: ``"; did you mean 'wgan-gp'?"``, or '' where nothing is near."""
    match = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean '{match[0]}'?" if match else ""


def unknown_name(what: str, got: str, known: Iterable[str]) -> UsageError:
    """The error for a name that is not among the known ones."""
    names = list(known)
    return UsageError(f"unknown {what} '{got}'{nearest(got, names)} (known: {', '.join(names)})")
