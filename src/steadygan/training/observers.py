"""What the trainer tells the outside: the protocol that displays, pictures and trackers implement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from steadygan.types import SampleSpec

Row = Mapping[str, float | int]
"""One logged round, as it stands in metrics.jsonl."""


@dataclass(frozen=True)
class RunStart:
    """Told once, before the first round (also after a resume)."""

    folder: Path
    name: str
    """the recipe's name, such as 'wgan-gp'"""
    sample: SampleSpec
    round: int
    """rounds already done: 0, or those of the checkpoint that was resumed"""
    rounds: int
    plan: tuple[str, ...] = ()
    """lines for people: network sizes, rounds, expected time and disk"""


@dataclass(frozen=True)
class Picture:
    """Samples of fixed latents, so that pictures of different rounds can be compared."""

    folder: Path
    round: int
    samples: NDArray[np.uint8] | NDArray[np.float32]
    """uint8 [N, C, H, W] images, or float32 [N, D] points"""
    real: NDArray[np.float32] | None = None
    """real points [M, D], for points only"""
    score: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None
    """the critic as a function of points [M, D] -> [M], for points only"""


@dataclass(frozen=True)
class RunEnd:
    """Told once, however the run ended."""

    folder: Path
    round: int
    rounds: int
    reason: str
    """'finished', 'interrupted' or the one-line error"""


class Observer(Protocol):
    """Something that watches a run; it changes nothing in it and draws no random numbers."""

    def started(self, start: RunStart) -> None: ...
    def logged(self, row: Row) -> None: ...
    def pictured(self, picture: Picture) -> None: ...
    def saved(self, round_: int, path: Path) -> None: ...
    def ended(self, end: RunEnd) -> None: ...
