"""Entropy of the classes of samples, by a classifier: how many classes are generated, and how evenly."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from steadygan.checks import within
from steadygan.diagnostics.signals.host import Samples, host_array
from steadygan.errors import UsageError
from steadygan.metrics.labels import class_histogram, histogram_distance


class ClassEntropy(NamedTuple):
    """Classes of generated samples, and of real ones."""

    entropy: float
    """of the generated samples' classes, in nats; log K for K equal classes, 0 for one"""
    real_entropy: float
    classes: int
    """classes with more than ``least`` of the generated samples"""
    real_classes: int
    distance: float
    """total variation of the two histograms, 0 to 1: share of samples that would have to change class"""


def class_entropy(fake: Samples, real: Samples, *, least: float = 0.02) -> ClassEntropy:
    """Entropy and number of the classes of generated samples, against those of real ones.

    Each side is labels [N] (integers; negative ones mean none, and are left out) or a classifier's probabilities or
    logits [N, K], of which the largest counts. So one blurred picture is one class: the mean of its probabilities
    would look like all of them.
    Known values [measured small-scale, digits]: 8 to 10 of 10 classes healthy, 1 collapsed.

    Raises:
        UsageError: neither labels nor probabilities, no labels, NaN, two numbers of classes.
    """
    within("least", least, 0, 1, open_high=True)
    (fakes, columns), (reals, real_columns) = _labels(fake, "generated samples"), _labels(real, "real samples")
    if columns and real_columns and columns != real_columns:
        raise UsageError(f"generated samples have probabilities of {columns} classes, real ones of {real_columns}")
    known = max(columns, real_columns, int(fakes.max()) + 1, int(reals.max()) + 1, 1)
    shares, real_shares = class_histogram(fakes, known), class_histogram(reals, known)
    return ClassEntropy(
        _entropy(shares),
        _entropy(real_shares),
        int((shares > least).sum()),
        int((real_shares > least).sum()),
        histogram_distance(shares, real_shares),
    )


def _labels(classes: Samples, name: str) -> tuple[NDArray[np.int64], int]:
    """Labels [N], and the number of classes if they are known: 0 for labels."""
    array = host_array(classes)
    if array.ndim == 1 and len(array) and array.dtype.kind in "iu":
        return array.astype(np.int64), 0
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind != "f":
        raise UsageError(
            f"{name}: classes must be labels, integers [N], or probabilities [N, K]; "
            f"got {array.dtype} {list(array.shape)}"
        )
    if np.isnan(array).any():
        raise UsageError(f"{name}: probabilities of classes have NaN values")
    return array.argmax(axis=1), array.shape[1]


def _entropy(shares: NDArray[np.float64]) -> float:
    some = shares[shares > 0]  # 0 log 0 = 0
    return abs(float((some * np.log(some)).sum()))
