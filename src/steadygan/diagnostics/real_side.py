"""The real side of a look: what generated samples are compared with, computed once for a training."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from steadygan.diagnostics.signals.bins import Bins, bins_of
from steadygan.diagnostics.signals.checkerboard import lines, prominences
from steadygan.diagnostics.signals.class_entropy import ClassEntropy, class_entropy
from steadygan.diagnostics.signals.diversity import effective_rank, mean_pairwise_distance
from steadygan.diagnostics.signals.host import host_rows, stored_rows
from steadygan.diagnostics.signals.movement import data_deviation
from steadygan.diagnostics.signals.near_duplicates import duplicate_threshold, nearest_others, share_within
from steadygan.metrics.memorisation import nearest_training
from steadygan.types import Batch, at_each_scale, sample_count, scales_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from steadygan.diagnostics.subject import Subject
    from steadygan.metrics.arrays import Rows
    from steadygan.types import Sample

SAMPLES = 256
"""generated samples of a look, and as many of each kind that they are compared with"""
FEWER = (128, 64)
"""in place of them, for trainings that are too short for looks at so many"""
_MOST_BINS, _PER_BIN = 25, 10
_MOST_COMPARED, _LEAST = 8_000_000, 32  # numbers of all samples of a kind; samples where each has many
_MOST_NUMBERS = 4_000_000  # of the training samples among which the nearest is sought
_PLACES = 1_024  # numbers of a sample whose movement is followed


class Nearest(NamedTuple):
    """The nearest training sample of each of N samples."""

    indices: NDArray[np.intp]
    distances: NDArray[np.float64]


class RealSide:
    """Held-out and training samples of a subject, with all that is known of them before anything is generated."""

    def __init__(self, subject: Subject, most: int = SAMPLES) -> None:
        """
        Args:
            subject: the training
            most: samples of each kind, at most
        """
        self.subject = subject
        self.most = most
        self.unseen = subject.held_out is not None
        """True if samples are compared with held-out ones; else with training ones"""
        chosen = subject.reference if subject.held_out is None else subject.held_out
        fitting = max(_LEAST, _MOST_COMPARED // width_of(chosen.samples))
        self.count = min(most, fitting, sample_count(chosen.samples), sample_count(subject.reference.samples))
        """samples of each kind"""
        self.compared = rows_of(chosen, 0, self.count)
        """[count, ...]"""

    @cached_property
    def rows(self) -> Rows:
        """[count, D] on the host."""
        return host_rows(self.compared.samples, "real samples")

    @cached_property
    def distance(self) -> float:
        return mean_pairwise_distance(self.rows, limit=self.count)

    @cached_property
    def rank(self) -> float:
        return effective_rank(self.rows, limit=self.count)

    @cached_property
    def lines(self) -> NDArray[np.float64] | None:
        """Prominences of lines in the power spectrum of images; None for what is no image, or a small one."""
        shape = tuple(scales_of(self.compared.samples)[-1].shape[1:])
        return prominences(self.rows, shape) if len(shape) == 3 and lines(*shape[1:]) else None

    @cached_property
    def nearest_others(self) -> Rows:
        """[count]: distances to the nearest other one of ``rows``."""
        return nearest_others(self.rows)

    @cached_property
    def threshold(self) -> float:
        return duplicate_threshold(self.rows)

    @cached_property
    def duplicates(self) -> float:
        return share_within(self.rows, self.threshold)

    @cached_property
    def reference(self) -> Rows:
        """Training samples [M, D] on the host."""
        return stored_rows(self.subject.reference.samples, "training samples")[: most_rows(self.rows.shape[1])]

    @cached_property
    def bins(self) -> Bins:
        """Of training samples: there are more of them."""
        return bins_of(self.reference, max(2, min(_MOST_BINS, self.count // _PER_BIN, len(self.reference) // 20)))

    @cached_property
    def nearest(self) -> Nearest:
        """Of the held-out samples."""
        return self.nearest_of(self.rows)

    def nearest_of(self, rows: Rows) -> Nearest:
        """The nearest training samples of rows [N, D]."""
        indices, distances = nearest_training(self.reference, rows, 1)
        return Nearest(indices[:, 0], distances[:, 0])

    @cached_property
    def labels(self) -> NDArray[np.int64] | None:
        """Classes of the training samples in ``reference``."""
        labels = self.subject.reference.labels
        return None if labels is None else labels[: len(self.reference)].cpu().numpy()

    def classes(self, nearest: Nearest) -> ClassEntropy | None:
        """Classes of generated samples against held-out ones, both taken to be those of the nearest training sample."""
        if self.labels is None or not self.unseen:
            return None
        return class_entropy(self.labels[nearest.indices], self.labels[self.nearest.indices])

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """The numbers of a sample whose movement is followed, drawn once: all of them, or enough."""
        width = self.rows.shape[1]
        return np.sort(np.random.default_rng(0).permutation(width)[:_PLACES])

    @cached_property
    def deviation(self) -> float:
        """Of the data at these places."""
        return data_deviation(self.rows[:, self.places])

    @cached_property
    def whole_deviation(self) -> float:
        """Of the data at all places."""
        return data_deviation(self.rows)


def most_rows(width: int) -> int:
    """How many training samples of so many numbers generated ones are compared with."""
    return max(64, min(4_000, _MOST_NUMBERS // max(1, width)))


def width_of(samples: Sample) -> int:
    """Numbers of a sample, of its finest scale."""
    return scales_of(samples)[-1][0].numel()


def rows_of(batch: Batch, start: int, stop: int) -> Batch:
    """Some samples of a batch, with their labels."""
    labels = None if batch.labels is None else batch.labels[start:stop]
    return Batch(at_each_scale(lambda x: x[start:stop], batch.samples), labels)
