"""How good the samples of a training are: exact W1 and modes of points, Fréchet distance and classes of pictures."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from steadygan.metrics.frechet import Moments, Statistics, frechet
from steadygan.metrics.transport import wasserstein1
from steadygan.recipe import RunOptions
from steadygan.studies.training import OPTIONS, Training
from steadygan.studies.trial import Outcome

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.features.base import Features
    from steadygan.preparation import Prepared
    from steadygan.run import Run
    from steadygan.run.folder import Weights

Array = NDArray[Any]
Measure: TypeAlias = "Callable[[Run, Prepared], Outcome]"

COUNT = 1_000
"""generated samples, and points of the data, that a distance is of"""
PRESENT = 0.25
"""share of its probability that a mode needs to count as covered"""
WORST = 10.0
"""distances above so many times that of the data's mean sample alone, and of samples that are not finite, are this"""
_SHOWN = {"points": 400, "pictures": 25}


class Quality(NamedTuple):
    """What samples are worth."""

    distance: float
    """points: exact W1 of 1,000 to 1,000 of the data; pictures: the squared Fréchet distance in features of a
    classifier of the data (patches, where it has no classes)"""
    modes: float
    """share of the modes (points: nearest centre, within half the distance of two; pictures: class) that have at least
    a quarter of their probability; NaN where the data has none"""


@dataclass(frozen=True, eq=False)
class Judge:
    """Measures samples against a data set."""

    dataset: Dataset
    features: str = "auto"
    """that a Fréchet distance is in: auto, or another name of ``make_features``"""

    def __call__(self, samples: Array) -> Quality:
        """The quality of generated samples [N, ...], as ``Run.sample`` gives them."""
        samples = np.asarray(samples)
        if samples.dtype.kind == "f" and not np.isfinite(samples).all():
            return Quality(self.worst, 0.0 if self._modes else math.nan)
        return Quality(min(self._distance(samples), self.worst), self._covered(samples))

    @cached_property
    def worst(self) -> float:
        """The largest distance that is told."""
        mean = self._real.mean(axis=0, keepdims=True, dtype=np.float64).astype(self._real.dtype)
        return WORST * self._distance(np.repeat(mean, COUNT, axis=0))

    @cached_property
    def _real(self) -> Array:
        from steadygan.evaluation.extracting import real_samples

        if self._points:
            return np.asarray(self.dataset.held_out.samples[:COUNT])
        return np.asarray(real_samples(self.dataset, "train")[0])

    @property
    def _points(self) -> bool:
        return self.dataset.sample.is_points

    @cached_property
    def _features(self) -> Features:
        from steadygan.evaluation.extracting import make_features
        from steadygan.system.threads import restored_threads

        with restored_threads(1):
            return make_features(self.features, self.dataset)

    @cached_property
    def _statistics(self) -> Statistics:
        from steadygan.evaluation.extracting import real_features

        moments = Moments()
        moments.add(real_features(self._features, self.dataset, "train").features)
        return moments.statistics()

    def _distance(self, samples: Array) -> float:
        if self._points:
            return wasserstein1(samples, self._real, limit=COUNT)
        return frechet(self._statistics, self._features(samples).features, extrapolate=False).value

    @cached_property
    def _centres(self) -> NDArray[np.float64] | None:
        from steadygan.data.sources.points import MODES

        return MODES[self.dataset.name].centres if self.dataset.name in MODES else None

    @cached_property
    def _modes(self) -> int:
        if self._points:
            return 0 if self._centres is None else len(self._centres)
        return self.dataset.sample.classes if self._features.name == "classifier" else 0

    def shares(self, samples: Array) -> NDArray[np.float64]:
        """Shares of the modes; those of points sum to less than 1 where some are near none."""
        if self._points:
            from scipy.spatial import KDTree

            assert self._centres is not None
            tree = KDTree(self._centres)
            distances, found = tree.query(samples)
            found = found[distances <= tree.query(self._centres, k=2)[0][found, 1] / 2]
        else:
            probabilities = self._features(samples).probabilities
            assert probabilities is not None
            found = probabilities.argmax(axis=1)
        counts: NDArray[np.float64] = np.bincount(found, minlength=self._modes) / len(samples)
        return counts

    @cached_property
    def _real_shares(self) -> NDArray[np.float64]:
        if self._points:
            return np.full(self._modes, 1 / self._modes)
        labels = self.dataset.train.some()[1]
        assert labels is not None
        counts = np.bincount(labels[labels >= 0], minlength=self._modes)
        shares: NDArray[np.float64] = counts / counts.sum()
        return shares

    def _covered(self, samples: Array) -> float:
        if not self._modes:
            return math.nan
        return float((self.shares(samples) >= PRESENT * self._real_shares).mean())


def at_end(run: Run, ready: Prepared, *, weights: Weights = "raw", features: str = "auto") -> Outcome:
    """Quality of the last samples, both losses over the last quarter, and a few samples.

    Those of the trained weights, not of their average: most of the papers have none, and it hides what does not settle.
    """
    samples = run.sample(COUNT, weights=weights)
    quality = Judge(ready.dataset, features)(samples)
    kind = "points" if ready.dataset.sample.is_points else "pictures"
    numbers = {**quality._asdict(), **losses(run)}
    known = {name: number for name, number in numbers.items() if not math.isnan(number)}
    return {**known, "samples": samples[: _SHOWN[kind]]}


def at_rounds(run: Run, ready: Prepared, rounds: Sequence[int], weights: Weights = "raw") -> list[Quality]:
    """Quality of the samples of kept checkpoints."""
    judge = Judge(ready.dataset)
    return [judge(run.sample(COUNT, weights=weights, round_=round_)) for round_ in rounds]


def looking(rounds: int, looks: int) -> RunOptions:
    """Options of a run of so many rounds that keeps a checkpoint at each of so many equal parts of it, and logs ten
    times as often."""
    every = max(1, rounds // looks)
    return dataclasses.replace(
        OPTIONS, log_every=max(1, every // 10), checkpoint_every=every, keep_every=every, picture_every=rounds
    )


def losses(run: Run) -> dict[str, float]:
    """Mean logged losses of the last quarter of a run."""
    rows = [row for row in run.rows if row["round"] > 0.75 * run.recipe.rounds] or run.rows[-1:]
    names = ("critic_loss", "generator_loss")
    return {name: float(np.mean([row[name] for row in rows])) if rows else math.nan for name in names}


@dataclass(frozen=True)
class Attempt(Training):
    """A training that may diverge: its samples are then as bad as can be, and it took so many rounds."""

    plan: Callable[[int], RunOptions] | None = None
    """options of a run of so many rounds, in place of ``options``: they follow where the rounds are fitted to a time"""

    def prepared(self, seed: int) -> Prepared:
        """The data, open, with the recipe that trains on it."""
        given = self if self.plan is None else dataclasses.replace(self, options=self.plan(self.rounds), plan=None)
        return Training.prepared(given, seed)

    def carry_out(self, folder: Path, seed: int) -> Outcome:
        """Trains, or resumes, and measures; a divergence is an outcome too."""
        return self.attempted(lambda: Training.carry_out(self, folder, seed), seed)

    def attempted(self, work: Callable[[], Outcome], seed: int) -> Outcome:
        """The outcome of work on the training of a seed, with the round in which it diverged, 0 for none."""
        from steadygan.training.trouble import Trouble

        try:
            return {**work(), "diverged": 0}
        except Trouble as trouble:
            if trouble.verdict != "diverged":
                raise
            judge = Judge(self.prepared(seed).dataset)
            return {"distance": judge.worst, "modes": 0.0, "diverged": trouble.round}
