"""The subject of a look: what the signals need to know of a training, whichever loop it runs in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from steadygan.types import Batch, CriticOutput, Sample

if TYPE_CHECKING:
    from torch import Tensor, nn

RISE_STEPS = 10
"""of a copy of the critic, by which its optimality is judged"""


class Clipping(NamedTuple):
    """Weights of the critic that are clipped, and the bound."""

    limit: float
    weights: Mapping[str, Tensor]


def _nothing() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, eq=False)
class Subject:
    """Networks, samples and losses of a training as functions; samples are as the critic sees them, not augmented.

    What does not apply is left out, and so are the signals that need it. The functions leave the networks as they are
    but for what ``measuring.measuring`` restores.
    """

    generator: nn.Module
    critic: nn.Module
    generate: Callable[[Tensor, Tensor | None], Sample]
    """samples [N, ...] of latents [N, ...] and labels [N] or None"""
    score: Callable[[nn.Module, Sample, Tensor | None], CriticOutput]
    """of the critic, or a copy of it, on samples [N, ...] with labels [N] or None; not perturbed"""
    latents: Callable[[int, int], Tensor]
    """(round, count): fresh latents [count, ...] for a look after this round, the same in each call; of round 0 those
    that are fixed"""
    real: Callable[[int, int], Batch]
    """(round, count): training samples [count, ...] drawn for a look after this round, the same in each call"""
    reference: Batch
    """training samples [M, ...], M up to some thousands, that generated ones are compared with, always the same"""
    held_out: Batch | None = None
    """[H, ...] that are not trained on, always the same; without them samples are compared with ``reference``"""
    conditional: bool = False
    """scores depend on labels"""
    classes: int = 0
    """of the data, if its samples have labels"""
    generator_loss: Callable[[CriticOutput, CriticOutput], Tensor] | None = None
    """of the critic's outputs on real samples and on as many fakes; a scalar"""
    rise: Callable[[int], float] | None = None
    """(round): relative rise of the gap when a copy of the critic alone trains on"""
    real_is_high: bool = True
    """False for critics whose score is an error"""
    splits_at_zero: bool = False
    """the loss pushes scores of real samples above 0, and those of fakes below"""
    logits: bool = False
    """the loss takes scores as logits"""
    wasserstein: bool = False
    """the gap of mean scores estimates a Wasserstein distance"""
    clipping: Clipping | None = None
    trained: Sequence[nn.Parameter] = ()
    """of the critic, by its optimizer; where that is not known, all of them"""
    numbers: Callable[[], Mapping[str, Any]] = _nothing
    """further fields of a row, 0-d tensors or numbers, as they are now: 'augmentation', 'equilibrium', …"""
    text: bool = False
    """samples are text, a number for each of V characters [N, V, L]"""
    low: float = -1.0
    """the least value of a pixel; the largest is 1"""
    batch: int = 64
    """samples of a pass at most, of one kind"""
    group: int = 1
    """the critic compares samples in groups of so many"""
    packing: int = 1
    """neighbours that the critic scores together, each with the score of its pack; ``group`` is a multiple of it"""
    stored: Any = None
    """training samples as they are stored, an array [M, ...], for faults of the data; None: ``reference``"""
    drawn: bool = False
    """``reference`` is of a function that draws samples, perhaps one more than once: copies in it tell nothing"""
