"""Random numbers of steps and rounds as bundles of tensors, and their split into rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.utils import _pytree as pytree

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.networks.drawing import GeneratorDraws
    from steadygan.types import PlayerName


class RealDraws(NamedTuple):
    """Indices and augmentations of the real samples of a step."""

    samples: Tensor
    """[N] int64: indices into the data, on the device, or on the CPU if the feed reads rows; of endless data, new
    samples [N, ...]"""
    labels: Tensor | None
    """[N] int64, of new samples only"""
    flips: Tensor | None
    """[N] bool: horizontal flips"""
    representation: Tensor | None
    """[N, ...] noise of the representation"""

    def of_rows(self, rows: slice) -> RealDraws:
        """The draws of some of the samples."""
        return RealDraws(*(None if drawn is None else drawn[rows] for drawn in self))  # type: ignore[arg-type]


class StepDraws(NamedTuple):
    """Random numbers of one step of a player on N samples; lazy phases after it use the same."""

    latents: Tensor
    """[N, ...] random numbers of the prior"""
    labels: Tensor | None = None
    """[N] int64, uniform, in generator steps if the data has classes; critic steps use the real batch's labels"""
    real: RealDraws | None = None
    """in generator steps only if the objective's generator loss needs real samples"""
    penalties: tuple[Tensor | None, ...] = ()
    """[N, ...] each, one per penalty of the recipe; None if it needs none or is the other player's"""
    real_perturbation: tuple[Tensor, ...] | None = None
    """[N, ...] each, for the real samples"""
    fake_perturbation: tuple[Tensor, ...] | None = None
    """[N, ...] each, for the fakes"""
    generator: GeneratorDraws | None = None
    """of the generator itself, if it draws in training"""


class RoundDraws(NamedTuple):
    """Random numbers of a round, step by step."""

    critic: tuple[StepDraws, ...]
    generator: tuple[StepDraws, ...]

    def of(self, player: PlayerName) -> tuple[StepDraws, ...]:
        """Draws of one player's steps."""
        return self.critic if player == "critic" else self.generator


def micro_batches(rows: slice, size: int | None) -> Iterator[slice]:
    """Consecutive slices of at most ``size`` rows that cover ``rows``; a single one for None."""
    step = rows.stop - rows.start if size is None else size
    for start in range(rows.start, rows.stop, step):
        yield slice(start, min(start + step, rows.stop))


def rows_of(draws: StepDraws, rows: slice) -> StepDraws:
    """The draws of some rows of a step; unchanged for all rows."""
    if rows == slice(0, len(draws.latents)):
        return draws
    sliced: StepDraws = pytree.tree_map(lambda value: value[rows] if isinstance(value, torch.Tensor) else value, draws)
    return sliced
