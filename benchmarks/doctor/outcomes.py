"""Outcome numbers of a generator's samples, by measures that the doctor does not use.

All are relative to the reference data, which neither the training nor the doctor sees: 0 of ``excess`` is as near as
other real samples are, 1 as near as a generator that always makes the data's mean (text: one line of it).
"""

from __future__ import annotations

import dataclasses
import math
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.doctor import points, sentences
from benchmarks.doctor.materials import Material, nearest_centre
from steadygan.data.text.alphabet import decode
from steadygan.metrics.frechet import Moments, Statistics, frechet
from steadygan.metrics.manifold import density_coverage
from steadygan.metrics.memorisation import nearest_training
from steadygan.metrics.ngrams import ngram_js
from steadygan.metrics.transport import wasserstein1

Array = NDArray[Any]
Rows = NDArray[np.float64]

COUNT, MATCHED = 1_000, 500
"""samples of each kind in a measurement, and of those the points that W1 matches one to one"""
PRESENT = 0.25
"""share of its probability that a mode needs to count as covered"""
NGRAM = 4
"""characters that are compared together"""
FAR = 1e6
"""samples beyond this many deviations count as not finite"""


@dataclass(frozen=True)
class Outcome:
    """What samples of a generator are worth, at one checkpoint."""

    excess: float
    """distance to the reference: 0 as clean samples, 1 as the data's mean alone. Points: exact W1; images: root of
    the Fréchet distance in a classifier's features; text: root of the Jensen-Shannon divergence of 4-grams"""
    modes: float
    """modes with at least a quarter of their probability, over all modes. Points: nearest centre, within half the
    distance to the next one; images: the classifier's class; text: the subject"""
    effective: float
    """exp of the entropy of the modes' shares, over that of the reference"""
    coverage: float
    """share of reference samples with a generated one in the ball of their 5 nearest neighbours (Naeem et al. 2020),
    over that of clean samples"""
    density: float
    """mean number of such balls a generated sample is in, over 5, over that of clean samples"""
    copies: float
    """chance that a sample is nearer to its nearest training sample than a reference sample is: 0.5 without copying"""
    spread: float = 1.0
    """root of the samples' total variance over that of the reference"""
    near: float = 1.0
    """share of samples that are of any mode; below 1 for points alone"""
    shares: tuple[float, ...] = ()
    """shares of the modes"""
    finite: bool = True
    """False: samples have values that are not finite or beyond any use, and no other number counts"""

    def to_json(self) -> dict[str, Any]:
        """Rounded, for files."""
        plain = dataclasses.asdict(self)
        return {
            key: [round(x, 3) for x in value] if isinstance(value, tuple) else round(value, 4)
            if isinstance(value, float) else value
            for key, value in plain.items()
        }  # fmt: skip

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Outcome:
        """What ``to_json`` wrote."""
        return cls(**{**plain, "shares": tuple(plain["shares"])})


NOT_FINITE = Outcome(1e9, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, (), False)


class Judge:
    """Measures samples of one material; classifier, floor and noise are made once."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self.kind = material.source.kind
        rng = np.random.default_rng(5)
        picked = rng.permutation(len(material.clean))[:COUNT]
        self.held = material.clean[picked]
        """clean samples that stand for a perfect generator"""
        self.modes = int(material.reference_labels.max()) + 1

    def measure(self, samples: Array) -> Outcome:
        """The outcome of samples [N, ...], N at least ``COUNT``."""
        samples = np.asarray(samples)[:COUNT]
        spread = float(np.asarray(self.material.clean, np.float64).std())
        if samples.dtype.kind == "f" and not (np.abs(samples) < FAR * spread).all():
            return NOT_FINITE
        floor, constant = self.ends
        shares = self._shares(samples)
        density, coverage = self._neighbourhood(samples)
        best_density, best_coverage = self._best_neighbourhood
        return Outcome(
            excess=(self._distance(samples) - floor) / max(constant - floor, 1e-12),
            modes=float((shares >= PRESENT * self._real_shares).mean()),
            effective=_effective(shares) / _effective(self._real_shares),
            coverage=coverage / best_coverage,
            density=density / best_density,
            copies=self._copies(samples),
            spread=math.sqrt(float(self.rows(samples).var(0).sum() / self.rows(self._reference).var(0).sum())),
            near=float(shares.sum()),
            shares=tuple(float(x) for x in shares),
        )

    @cached_property
    def training_excess(self) -> float:
        """Excess of the training samples themselves: 0 for clean ones, however few are not counted as a fault."""
        train = np.asarray(self.material.dataset.train.some()[0])
        rng = np.random.default_rng(7)
        floor, constant = self.ends
        return (self._distance(train[rng.integers(0, len(train), COUNT)]) - floor) / max(constant - floor, 1e-12)

    @cached_property
    def training_distinct(self) -> float:
        """Share of distinct samples among the training samples."""
        train = np.asarray(self.material.dataset.train.some()[0])
        return len(np.unique(train.reshape(len(train), -1), axis=0)) / len(train)

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Distances to the reference of clean samples, and of the mean sample alone."""
        return self._distance(self.held), self._distance(self._constant())

    @cached_property
    def _reference(self) -> Array:
        return self.material.reference[:COUNT]

    @cached_property
    def _reference_lines(self) -> list[str]:
        return self._lines(self._reference)

    def _lines(self, ids: Array) -> list[str]:
        alphabet = self.material.dataset.alphabet
        assert alphabet is not None
        return decode(ids, alphabet)

    def _constant(self) -> Array:
        clean = self.material.clean
        one = clean[:1] if self.kind == "text" else clean.mean(axis=0, keepdims=True).astype(clean.dtype)
        return np.repeat(one, COUNT, axis=0)

    def noise(self) -> Array:
        """Noise of the data's mean and covariance; text: of its characters' frequencies."""
        rng, clean = np.random.default_rng(6), self.material.clean
        if self.kind == "text":
            return rng.choice(clean.ravel(), (COUNT, clean.shape[1]))
        rows = clean.reshape(len(clean), -1).astype(np.float64)
        drawn = rng.multivariate_normal(rows.mean(0), np.cov(rows.T), COUNT)
        if clean.dtype.kind == "u":
            drawn = drawn.clip(0, 255).round()
        return drawn.astype(clean.dtype).reshape(COUNT, *clean.shape[1:])

    def _distance(self, samples: Array) -> float:
        if self.kind == "points":
            return wasserstein1(samples, self._reference, limit=MATCHED)
        if self.kind == "text":
            lines = self._lines(samples)
            if max(map(len, lines)) < NGRAM:  # nothing is shared
                return 1.0
            return math.sqrt(ngram_js(self._reference_lines, lines, NGRAM))
        return math.sqrt(frechet(self._real_statistics, self.features(samples), extrapolate=False).value)

    @cached_property
    def _real_statistics(self) -> Statistics:
        moments = Moments()
        moments.add(self.features(self._reference))
        return moments.statistics()

    @cached_property
    def _real_shares(self) -> Rows:
        labels = self.material.reference_labels
        return np.bincount(labels, minlength=self.modes) / len(labels)

    def _shares(self, samples: Array) -> Rows:
        """Shares [modes] of samples; they sum to less than 1 where points are near no mode."""
        if self.kind == "points":
            centres = points.SETS[self.material.source.base].centres
            nearest = nearest_centre(samples, centres)
            near = np.linalg.norm(samples - centres[nearest], axis=1) <= _half_gaps(centres)[nearest]
            counts = np.bincount(nearest[near], minlength=self.modes)
        elif self.kind == "text":
            counts = np.bincount([sentences.subject(line) for line in self._lines(samples)], minlength=self.modes)
        else:
            counts = np.bincount(self.classifier.predict(_pixels(samples)), minlength=self.modes)
        return counts / len(samples)

    def rows(self, samples: Array) -> Rows:
        """Vectors in which neighbours are alike: points, pixels, one-hot characters."""
        if self.kind == "text":
            return np.eye(int(self.material.clean.max()) + 2)[samples].reshape(len(samples), -1)
        return _pixels(samples) if self.kind == "images" else samples.astype(np.float64)

    def _neighbourhood(self, samples: Array) -> tuple[float, float]:
        found = density_coverage(self.rows(self._reference), self.rows(samples))
        return found.density.value, found.coverage.value

    @cached_property
    def _best_neighbourhood(self) -> tuple[float, float]:
        return self._neighbourhood(self.held)

    def _copies(self, samples: Array) -> float:
        if self.kind == "text":
            return 0.5
        train = self.rows(np.asarray(self.material.dataset.train.some()[0]))
        ours, theirs = (nearest_training(train, self.rows(each), 1)[1][:, 0] for each in (samples, self._reference))
        smaller = np.searchsorted(np.sort(theirs), ours, side="left") + np.searchsorted(np.sort(theirs), ours, "right")
        return float(1 - smaller.mean() / (2 * len(theirs)))

    @cached_property
    def classifier(self) -> Any:
        """A classifier of clean training samples, with one hidden layer."""
        from sklearn.neural_network import MLPClassifier

        made = MLPClassifier((48,), alpha=1e-3, max_iter=60, random_state=0, tol=1e-3, n_iter_no_change=5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it need not converge
            return made.fit(_pixels(self.material.clean), self.material.clean_labels)

    def features(self, images: Array) -> Rows:
        """The classifier's hidden layer [N, 48]."""
        made = self.classifier
        hidden: Rows = np.maximum(_pixels(images) @ made.coefs_[0] + made.intercepts_[0], 0.0)
        return hidden


def _pixels(images: Array) -> Rows:
    rows: Rows = images.reshape(len(images), -1).astype(np.float64) / 255
    return rows


def _half_gaps(centres: Rows) -> Rows:
    from scipy.spatial import KDTree

    distances: Rows = KDTree(centres).query(centres, k=2)[0][:, 1] / 2
    return distances


def _effective(shares: Rows) -> float:
    """Exp of the entropy of shares that are brought to a sum of 1; 0 for none."""
    total = shares.sum()
    if total <= 0:
        return 0.0
    kept = shares[shares > 0] / total
    return float(np.exp(-(kept * np.log(kept)).sum()))
