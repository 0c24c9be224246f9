"""Observers, evaluators and doctors: protocols of what watches a run, judges its samples, and measures its health."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from steadygan.data import Dataset
    from steadygan.data.units import Units
    from steadygan.training.held_out import HeldOutMeasure
    from steadygan.training.step.counters import Counters
    from steadygan.training.step.game import Game
    from steadygan.training.step.round import RoundReport
    from steadygan.training.trouble import Trouble
    from steadygan.types import SampleSpec

Row = Mapping[str, float | int]
"""A logged round: a line of metrics.jsonl."""

Evaluation = Mapping[str, float | int | str]
"""An evaluation of samples: a line of evaluations.jsonl; ``judge`` names the metric for the best checkpoint."""


@dataclass(frozen=True)
class RunStart:
    """Event before the first round of a session, also after a resume."""

    folder: Path
    name: str
    """the recipe's name, such as 'wgan-gp'"""
    sample: SampleSpec
    round: int
    """rounds already done: 0, or the round of the resumed checkpoint"""
    rounds: int
    """length of the run"""
    plan: tuple[str, ...] = ()
    """lines to print: network sizes, rounds, expected time and disk space"""
    data_spread: float | None = None
    """root mean square distance of the data's values from their means, in the units of ``Picture.samples``; None for
    text, and if it is not known"""
    batch: int | None = None
    """real samples of each critic step; None: not known, or not the same in all"""


@dataclass(frozen=True)
class Picture:
    """Event with samples of fixed latents, which are comparable across rounds."""

    folder: Path
    round: int
    samples: NDArray[np.uint8] | NDArray[np.int16] | NDArray[np.float32]
    """images uint8 [N, C, H, W], character ids [N, L], uint8 or int16, or float32: points [N, D], signals [N, C, T],
    volumes [N, C, D, H, W], images of more than 4 bands [N, B, H, W]"""
    real: NDArray[np.float32] | None = None
    """real points [M, D], for points only"""
    score: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None
    """the critic as a function of points [M, D] -> [M], for points only"""
    columns: int | None = None
    """images per row if rows are classes; None: any number"""
    lines: tuple[str, ...] | None = None
    """the samples as N lines, for text only"""
    coarser: tuple[NDArray[np.uint8] | NDArray[np.int16] | NDArray[np.float32], ...] = ()
    """the smaller sizes of multi-scale images, coarse to fine"""
    units: Units | None = None
    """of samples that are scaled: the way back to the data's own units"""


@dataclass(frozen=True)
class RunEnd:
    """Event at the end of a session, however it ended."""

    folder: Path
    round: int
    rounds: int
    reason: str
    """'finished', 'interrupted' or the one-line error"""
    closing: tuple[str, ...] = ()
    """lines to print: the best checkpoint, and by which metric"""


class Observer(Protocol):
    """Protocol of observers of a run; they change nothing in it and draw no random numbers.

    One needs ``started`` and ``ended``, and hears of what else it has a method for. It may also have
    ``preparing(line)``, which gets lines on what is measured and tried before the start,
    ``replanned(rounds, line)``, which gets the new length of a run whose end moved to keep its time, ``looked(row)``,
    which gets each look of the doctor, a line of signals.jsonl, right after it was written, and a number
    ``ending_seconds``: what its ``ended`` would take now.
    """

    def started(self, start: RunStart) -> None: ...
    def logged(self, row: Row) -> None: ...
    def evaluated(self, row: Evaluation) -> None: ...
    def pictured(self, picture: Picture) -> None: ...
    def saved(self, round_: int, path: Path) -> None: ...
    def ended(self, end: RunEnd) -> None: ...


def ending_seconds(observers: Sequence[Observer]) -> float:
    """What the observers' ``ended`` takes, as far as they know."""
    return sum(getattr(observer, "ending_seconds", 0.0) for observer in observers)


def tell(observers: Sequence[Observer], event: str, *told: object) -> None:
    """Tells the observers of an event; one without a method of that name does not hear of it."""
    for observer in observers:
        method = getattr(observer, event, None)
        if method is not None:
            method(*told)


def tell_looked(observers: Sequence[Observer], row: Mapping[str, float | int | str]) -> None:
    """Tells the observers that have a method ``looked(row)`` of a look of the doctor."""
    tell(observers, "looked", row)


class Doctor(Protocol):
    """Protocol of what measures, between rounds, how healthy a training is, and leaves it as it was.

    Of several processes all know when it looks, and the first one looks.
    """

    def begin(self, game: Game, dataset: Dataset, measure: HeldOutMeasure, saved: Mapping[str, Tensor]) -> None:
        """Before the rounds of a session.

        Args:
            game: as the session begins
            dataset: its data
            measure: with feeds of training and held-out samples
            saved: ``state`` at the checkpoint that it goes on from; nothing at the beginning
        """

    def replanned(self, game: Game) -> None:
        """The run has another length from here on."""

    def due(self, round_: int) -> bool:
        """True if it looks after so many rounds."""

    def between(self, first: int, last: int) -> int:
        """How often it looks from round ``first`` to ``last``."""

    def before(self) -> None:
        """Before a round after which it looks."""

    def look(
        self, counters: Counters, report: RoundReport, evaluation: Evaluation | None
    ) -> Mapping[str, float | int | str]:
        """A line of signals.jsonl.

        Args:
            counters: after the round
            report: of its last steps, of the whole batch
            evaluation: the last one of samples, if there was one
        """

    def cause(self, folder: Path, failed: int) -> str | None:
        """Where values that are not finite began, by training again from the run's last checkpoint; None: unknown.

        Args:
            folder: of the run
            failed: the first round with a loss that is not finite, from 1
        """

    def trouble(self, log: Path) -> Trouble | None:
        """Why the run should not go on, by its signals.jsonl; asked after a look if ``run.on_trouble`` acts on it."""

    @property
    def state(self) -> Mapping[str, Tensor]:
        """What a checkpoint keeps of the looks so far."""


class Evaluator(Protocol):
    """Protocol of evaluators of samples during training; deterministic."""

    @property
    def count(self) -> int:
        """Number of samples per evaluation."""

    @property
    def seconds(self) -> float:
        """Expected duration of a call on this machine."""

    def __call__(
        self, samples: NDArray[np.uint8] | NDArray[np.int16] | NDArray[np.float32], labels: NDArray[np.int64] | None
    ) -> Mapping[str, float | str]:
        """Metrics by name; 'judge' names the one that selects the best checkpoint (lower is better).

        Args:
            samples: of the averaged generator, as in ``Picture.samples``
            labels: [N] that they were conditioned on, or None
        """

    def closing(self, metrics: Sequence[Row], evaluations: Sequence[Evaluation]) -> Sequence[str]:
        """Lines to print at the end of a session."""
