"""Detection of losses, weights and optimizer state that are not finite (NaN or infinity).

Losses are checked each round without host sync, all that a checkpoint holds with one, before it is written. Several
processes find the same error after the same round, whichever of them it begins in.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.utils import _pytree as pytree

from steadygan.errors import RunError
from steadygan.training.processes.world import ALONE
from steadygan.training.step.state import initial_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from steadygan.training.processes.world import World
    from steadygan.training.step.game import Game
    from steadygan.training.step.round import RoundReport

_TERMS = ("critic loss", "penalty", "generator loss", "lazy penalty")


class FiniteCheck:
    """Records on the device the first round in which each loss term was not finite."""

    def __init__(self, device: torch.device, world: World = ALONE) -> None:
        self.first = torch.full((len(_TERMS),), -1, dtype=torch.int64, device=device)
        """round of each term; -1: finite so far"""
        self._zero = torch.zeros((), device=device)
        self._world = world
        self._at_once = device.type == "cpu" and world.size == 1

    def update(self, report: RoundReport, round_: int) -> None:
        """Checks a round's losses; on the CPU, where reading costs nothing, it raises at once, as ``check`` does.

        Among several processes it never raises: one would leave while the others wait for it in the next step.
        """
        terms = (report.critic_loss, report.penalty, report.generator_loss, report.lazy_penalty)
        values = torch.stack([self._zero if term is None else term for term in terms])
        new = ~torch.isfinite(values) & (self.first < 0)
        self.first = torch.where(new, round_, self.first)
        if self._at_once:
            self.check()

    def check(self) -> None:
        """Reads the device; a collective operation of all processes.

        Raises:
            NotFiniteError: names the first round with a term that was not finite, and its terms.
        """
        of_all = self._world.all_gather_object(self.first.tolist())
        firsts = [min((round_ for round_ in rounds if round_ >= 0), default=-1) for rounds in zip(*of_all, strict=True)]
        bad = [(round_, term) for round_, term in zip(firsts, _TERMS, strict=True) if round_ >= 0]
        if bad:
            first, _ = min(bad)
            *others, last = (term for round_, term in bad if round_ == first)
            raise NotFiniteError(first + 1, f"{', '.join(others)} and {last}" if others else last)


class NotFiniteError(RunError):
    """A loss, or another number of a round, that is not finite."""

    def __init__(self, round_: int, term: str) -> None:
        many = " and " in term or term == "samples"
        super().__init__(f"the {term} of round {round_} {'are' if many else 'is'} not finite")
        self.round = round_
        self.term = term


def check_finite(game: Game, round_: int) -> None:
    """Reads a flag of every tensor that a checkpoint holds, in one transfer from each device.

    A squared gradient that overflowed in the optimizer's state stops its parameter for good beside finite losses.

    Raises:
        NotFiniteError: names the first tensor that is not finite.
    """
    by_device: dict[torch.device, list[tuple[str, Tensor]]] = {}
    for name, tensor in _held(game):
        if tensor.is_floating_point() or tensor.is_complex():
            by_device.setdefault(tensor.device, []).append((name, tensor.detach()))
    for named in by_device.values():
        # a sum makes no copy; one that overflowed is looked at again
        sums = torch.stack([torch.isfinite(tensor.sum()) for _, tensor in named]).tolist()
        for (name, tensor), finite in zip(named, sums, strict=True):
            if not finite and not bool(torch.isfinite(tensor).all()):
                raise NotFiniteError(round_, name)


def _held(game: Game) -> Iterator[tuple[str, Tensor]]:
    for name, network in game.networks.items():
        whose = "average of the generator" if name == "average" else name
        yield from ((f"{key} in the {whose}", tensor) for key, tensor in network.state_dict().items())
    for name, player in game.trained.items():
        for key, parameter in player.network.named_parameters():
            for kind, value in player.optimizer.state.get(parameter, {}).items():
                if isinstance(value, torch.Tensor):
                    yield f"{kind} of {key} in the {name}'s optimizer", value
    begins = initial_state(game.recipe, torch.device("cpu"))
    for name, now, first in zip(game.state._fields, game.state, begins, strict=True):
        for value, initial in zip(pytree.tree_leaves(now), pytree.tree_leaves(first), strict=True):
            endless = not bool(torch.isfinite(initial).all())  # as the lowest value so far, before the first
            yield f"{name} state", torch.nan_to_num(value, math.nan, 0.0, 0.0) if endless else value
