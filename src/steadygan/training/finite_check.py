"""Detection of losses that are not finite (NaN or infinity), without host sync."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from steadygan.errors import RunError

if TYPE_CHECKING:
    from steadygan.training.step.round import RoundReport

_TERMS = ("critic loss", "penalty", "generator loss", "lazy penalty")


class FiniteCheck:
    """Records on the device the first round in which each loss term was not finite."""

    def __init__(self, device: torch.device) -> None:
        self.first = torch.full((len(_TERMS),), -1, dtype=torch.int64, device=device)
        """round of each term; -1: finite so far"""
        self._zero = torch.zeros((), device=device)
        self._at_once = device.type == "cpu"

    def update(self, report: RoundReport, round_: int) -> None:
        """Checks a round's losses; on the CPU, where reading costs nothing, it raises at once, as ``check`` does."""
        terms = (report.critic_loss, report.penalty, report.generator_loss, report.lazy_penalty)
        values = torch.stack([self._zero if term is None else term for term in terms])
        new = ~torch.isfinite(values) & (self.first < 0)
        self.first = torch.where(new, round_, self.first)
        if self._at_once:
            self.check()

    def check(self) -> None:
        """Reads the device.

        Raises:
            NotFiniteError: names the first round with a term that was not finite, and its terms.
        """
        bad = [(round_, term) for round_, term in zip(self.first.tolist(), _TERMS, strict=True) if round_ >= 0]
        if bad:
            first, _ = min(bad)
            raise NotFiniteError(first + 1, " and ".join(term for round_, term in bad if round_ == first))


class NotFiniteError(RunError):
    """A loss that is not finite."""

    def __init__(self, round_: int, term: str) -> None:
        super().__init__(f"the {term} of round {round_} is not finite")
