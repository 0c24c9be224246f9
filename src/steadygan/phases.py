"""Phases of a training round: optimizer steps, each with its player, loss terms and interval.

A recipe has a main phase for each player, with its objective and the penalties of every step. A penalty with an
interval is a phase of its own (lazy regularisation; Karras et al. 2020, StyleGAN2, App. B): it follows every
``every``-th step of its player, on the same random numbers, and weighs ``every`` times as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from steadygan.types import PLAYERS, PlayerName

if TYPE_CHECKING:
    from steadygan.penalties import PenaltyLike


@dataclass(frozen=True)
class Phase:
    """One kind of optimizer step: some terms of one player's loss."""

    player: PlayerName
    penalties: tuple[int, ...] = ()
    """indices of the recipe's penalties among the terms"""
    objective: bool = True
    """True if the objective's loss is among the terms"""
    every: int = 1
    """steps of the player between two of this phase; also the gain of its penalties"""

    def due(self, step: int) -> bool:
        """True if the phase follows the player's step of this number, counted from 0 over the whole run."""
        return step % self.every == 0


def player_of(penalty: Any) -> PlayerName:
    """The player whose loss a penalty is added to; defaults to the critic."""
    player: PlayerName = getattr(penalty, "player", "critic")
    return player


def interval(penalty: Any) -> int:
    """Steps between two of a penalty; defaults to 1."""
    every: int = getattr(penalty, "every", 1)
    return every


def is_of_weights(penalty: Any) -> bool:
    """True for a penalty on the weights of its player's network alone."""
    return hasattr(penalty, "of_weights")


def sees_batch(penalty: Any) -> bool:
    """True if a sample's penalty depends on the whole batch; a critic's by its sampling location."""
    source = getattr(penalty, "at", None) if player_of(penalty) == "critic" else penalty
    return bool(getattr(source, "sees_batch", False))


def phases_of(penalties: Sequence[PenaltyLike]) -> tuple[Phase, ...]:
    """The phases of a round: the critic's, then the generator's; each player's main phase before its lazy ones."""
    phases = []
    for player in PLAYERS:
        intervals = {i: interval(penalty) for i, penalty in enumerate(penalties) if player_of(penalty) == player}
        for every in sorted({1, *intervals.values()}):
            indices = tuple(index for index in intervals if intervals[index] == every)
            phases.append(Phase(player, indices, objective=every == 1, every=every))
    return tuple(phases)


def lazy_correction(phases: Sequence[Phase], player: PlayerName) -> float:
    """Ratio of main steps to all steps of a player: k / (k + 1) with one lazy phase every k steps, 1 without any.

    The optimizer sees more steps than the main phase has: rates are multiplied by this number, and the decays of its
    running averages raised to it, so that a main step moves weights as far as without lazy phases (StyleGAN2's code).
    """
    return 1.0 / sum(1.0 / phase.every for phase in phases if phase.player == player)
