"""What the trainer tells the outside: the protocol that displays, pictures and trackers implement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from steadygan.types import SampleSpec

Row = Mapping[str, float | int]
"""One logged round, as it stands in metrics.jsonl."""


Evaluation = Mapping[str, float | int | str]
"""One evaluation of samples, as it stands in evaluations.jsonl; ``judge`` names the distance that decides."""


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
    samples: NDArray[np.uint8] | NDArray[np.int16] | NDArray[np.float32]
    """uint8 [N, C, H, W] images, float32 [N, D] points, or ids of characters [N, L], uint8 or int16"""
    real: NDArray[np.float32] | None = None
    """real points [M, D], for points only"""
    score: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None
    """the critic as a function of points [M, D] -> [M], for points only"""
    columns: int | None = None
    """images in a row, where the rows are classes; None: it does not matter"""
    lines: tuple[str, ...] | None = None
    """the samples as N lines, for text only"""
    coarser: tuple[NDArray[np.uint8] | NDArray[np.int16] | NDArray[np.float32], ...] = ()
    """the other sizes of multi-scale images, coarse to fine"""


@dataclass(frozen=True)
class RunEnd:
    """Told once, however the run ended."""

    folder: Path
    round: int
    rounds: int
    reason: str
    """'finished', 'interrupted' or the one-line error"""
    closing: tuple[str, ...] = ()
    """lines for people: which checkpoint is the best, and by what"""


class Observer(Protocol):
    """Something that watches a run; it changes nothing in it and draws no random numbers."""

    def started(self, start: RunStart) -> None: ...
    def logged(self, row: Row) -> None: ...
    def evaluated(self, row: Evaluation) -> None: ...
    def pictured(self, picture: Picture) -> None: ...
    def saved(self, round_: int, path: Path) -> None: ...
    def ended(self, end: RunEnd) -> None: ...


class Evaluator(Protocol):
    """Judges samples of the averaged generator while a run goes on; the same samples get the same numbers."""

    @property
    def count(self) -> int:
        """How many samples it looks at."""

    @property
    def seconds(self) -> float:
        """About how long a call takes on this machine."""

    def __call__(
        self, samples: NDArray[np.uint8] | NDArray[np.int16] | NDArray[np.float32], labels: NDArray[np.int64] | None
    ) -> Mapping[str, float | str]:
        """Numbers by name; 'judge' names the distance to real samples by which the best checkpoint is kept."""

    def closing(self, metrics: Sequence[Row], evaluations: Sequence[Evaluation]) -> Sequence[str]:
        """What to say at the end of a session."""
