"""A trial: one setting of a study with one seed, carried out alone in a folder of its own."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

Setting: TypeAlias = str | float | int | bool
Outcome: TypeAlias = Mapping[str, Any]
"""what a trial measured, by name: numbers, words and lists of them, or NumPy arrays (curves, surfaces, samples)"""
_LONGEST = 80


class Work(Protocol):
    """What a trial does."""

    @property
    def rounds(self) -> int:
        """Its length, which a limit of time makes shorter."""

    def fitted(self, rounds: int) -> Work:
        """The same with so many rounds; schedules move with them."""

    def seconds_per_round(self) -> float:
        """As measured on this machine with one thread, in a second or less."""

    def carry_out(self, folder: Path, seed: int) -> Outcome:
        """Does it, or goes on with it in the folder where it was stopped; the same numbers either way."""


@dataclass(frozen=True)
class Trial:
    """One setting with one seed."""

    settings: Mapping[str, Setting]
    """what tells it from the study's other trials: ``{'method': 'clip', 'data': 'swiss-roll'}``"""
    seed: int
    work: Work

    @property
    def name(self) -> str:
        """Of its folder: the settings' values and the seed, with a digest where that is no whole description."""
        words = "-".join(f"{value:g}" if isinstance(value, float) else str(value) for value in self.settings.values())
        plain = re.sub(r"[^A-Za-z0-9.]+", "-", words).strip("-.")
        if plain != words or len(plain) > _LONGEST:
            text = json.dumps(dict(self.settings), sort_keys=True)
            plain = f"{plain[:_LONGEST]}-{hashlib.sha256(text.encode()).hexdigest()[:6]}".lstrip("-")
        return f"{plain}-seed-{self.seed}"

    def fitted(self, share: float) -> Trial:
        """The same with a share of its rounds, at least one."""
        return dataclasses.replace(self, work=self.work.fitted(max(1, round(share * self.work.rounds))))


@dataclass(frozen=True)
class Calculation:
    """Work that is no training of a recipe: a function of the folder, the seed and the rounds."""

    function: Callable[[Path, int, int], Outcome]
    rounds: int = 1
    """steps of whatever it repeats; 1 if it repeats nothing"""
    seconds: Callable[[], float] | None = None
    """of a round, measured; None: what a function of no cost takes"""

    def fitted(self, rounds: int) -> Calculation:
        """The same with so many rounds."""
        return dataclasses.replace(self, rounds=rounds)

    def seconds_per_round(self) -> float:
        """As measured."""
        return self.seconds() if self.seconds is not None else 0.0

    def carry_out(self, folder: Path, seed: int) -> Outcome:
        """Calls the function."""
        return self.function(folder, seed, self.rounds)
