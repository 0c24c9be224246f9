"""Class metrics: accuracy, histogram, and variance within classes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steadygan.checks import whole_number
from steadygan.errors import UsageError
from steadygan.metrics.arrays import Images
from steadygan.metrics.estimates import Estimate, mean
from steadygan.metrics.pyramids import block_size, check_images

Labels = NDArray[np.int64]
Shares = NDArray[np.float64]


class ClassShare(NamedTuple):
    """A class and its share of the samples."""

    label: int
    share: float


class ClassVariance(NamedTuple):
    """Variance between images of one class."""

    mean: float
    """over the classes that have at least 2 images"""
    by_class: dict[int, float]
    """variance between images of the class, averaged over its pixels, in grey levels (0 to 255) squared"""
    skipped: int
    """classes with a single image"""


class WithinClass(NamedTuple):
    """The variance within classes of generated images over that of real ones: 1 is right, 0 one image a class."""

    ratio: float
    """mean over classes"""
    smallest_ratio: float
    """of the class that has lost most"""
    smallest_class: int
    skipped: int
    """real classes left out: fewer than 2 real images, or all the same"""


def class_accuracy(predicted: ArrayLike, conditions: ArrayLike) -> Estimate:
    """Accuracy of a classifier's predictions [N] against the classes [N] that the generator was conditioned on.

    A sample with a negative label has none and is left out.

    Raises:
        UsageError: not two arrays of as many integers, or no sample with both labels.
    """
    predictions, targets = _labels(predicted, "predicted classes"), _labels(conditions, "requested classes")
    if len(predictions) != len(targets):
        raise UsageError(f"{len(predictions)} predicted classes for {len(targets)} requested ones")
    known = (predictions >= 0) & (targets >= 0)
    if not known.any():
        raise UsageError("class accuracy: no sample has both a predicted and a requested class, 0 or above")
    return mean(predictions[known] == targets[known])


def class_histogram(predicted: ArrayLike, classes: int) -> Shares:
    """The share of each class [classes] among labels [N]; negative ones mean no label and are left out.

    Raises:
        UsageError: no labels, or labels from ``classes`` on.
    """
    whole_number("classes", classes)
    labels = _labels(predicted, "predicted classes")
    labels = labels[labels >= 0]
    if len(labels) == 0 or labels.max() >= classes:
        got = f"up to {labels.max()}" if len(labels) else "all below 0"
        raise UsageError(f"predicted classes are {got}; allowed are 0 to {classes - 1}")
    return np.bincount(labels, minlength=classes) / len(labels)


def smallest_class(shares: ArrayLike) -> ClassShare:
    """The class with the smallest share of a histogram [K], the first of several."""
    histogram = _histogram(shares)
    label = int(histogram.argmin())
    return ClassShare(label, float(histogram[label]))


def histogram_distance(shares: ArrayLike, real_shares: ArrayLike) -> float:
    """Total variation between two histograms [K], 0 to 1: the share of samples that would have to change class.

    Raises:
        UsageError: histograms of unequal length, or that do not sum to 1.
    """
    a, b = _histogram(shares), _histogram(real_shares)
    if len(a) != len(b):
        raise UsageError(f"histograms of {len(a)} and {len(b)} classes cannot be compared")
    return float(0.5 * np.abs(a - b).sum())


def within_class_variance(images: Images, labels: ArrayLike) -> ClassVariance:
    """The unbiased variance between images uint8 [N, C, H, W] of the same label [N], averaged over pixels.

    Images with a negative label have none and are left out. Sums are exact integers, in blocks of images.

    Raises:
        UsageError: not such images and labels, or no class with 2 images.
    """
    by_class, skipped = _by_class(check_images(images, least=2), labels)
    if not by_class:
        raise UsageError("variance within classes needs a class with at least 2 images; there is none")
    return ClassVariance(float(np.mean(list(by_class.values()))), by_class, skipped)


def _by_class(images: Images, labels: ArrayLike) -> tuple[dict[int, float], int]:
    """The variances, and the number of classes with a single image."""
    of_images = _labels(labels, "labels")
    if len(of_images) != len(images):
        raise UsageError(f"{len(of_images)} labels for {len(images)} images")
    by_class: dict[int, float] = {}
    skipped = 0
    for label in np.unique(of_images[of_images >= 0]).tolist():
        indices = np.flatnonzero(of_images == label)
        if len(indices) < 2:
            skipped += 1
        else:
            by_class[label] = _variance(images, indices)
    return by_class, skipped


def _variance(images: Images, indices: NDArray[np.intp]) -> float:
    total = np.zeros(images.shape[1:], np.int64)
    squares = np.zeros(images.shape[1:], np.int64)
    for subset in np.array_split(indices, -(-len(indices) // block_size(images))):
        block = images[subset].astype(np.int64)
        total += block.sum(axis=0)
        squares += np.square(block).sum(axis=0)
    count = len(indices)
    # integers up to here, so that nearly equal numbers are subtracted without loss
    return float((count * squares - np.square(total)).mean()) / (count * (count - 1))


def within_class_variance_ratio(
    fake: Images, fake_labels: ArrayLike, real: Images, real_labels: ArrayLike
) -> WithinClass:
    """Variance within classes of generated images over that of real ones; detects a collapse inside a class.

    Labels of generated images are those of the condition, or a classifier's predictions. A ratio above 1 is noise or
    wrong classes, not more variety than the world has. A class with fewer than 2 generated images counts as 0: it has
    no variety to show.

    Raises:
        UsageError: not images and labels; images of two shapes, or no class that has 2 different real images.
    """
    fake, real = check_images(fake, "fake images"), check_images(real, "real images")
    if fake.shape[1:] != real.shape[1:]:
        raise UsageError(f"fake images are {list(fake.shape[1:])}, real ones {list(real.shape[1:])}")
    (fakes, _), (reals, single) = _by_class(fake, fake_labels), _by_class(real, real_labels)
    ratios = {label: fakes.get(label, 0.0) / value for label, value in reals.items() if value > 0}
    if not ratios:
        raise UsageError("variance within classes needs a class that has 2 different real images; none has")
    smallest = min(ratios, key=ratios.__getitem__)
    skipped = len(reals) + single - len(ratios)
    return WithinClass(float(np.mean(list(ratios.values()))), ratios[smallest], smallest, skipped)


def _labels(labels: ArrayLike, name: str) -> Labels:
    array = np.asarray(labels)
    if array.ndim != 1 or len(array) == 0 or array.dtype.kind not in "iu":
        raise UsageError(f"{name} must be integers [N], at least one; got {array.dtype} {list(array.shape)}")
    return array.astype(np.int64, copy=False)


def _histogram(shares: ArrayLike) -> Shares:
    array = np.asarray(shares, dtype=np.float64)
    if array.ndim != 1 or len(array) == 0 or not array.min() >= 0 or abs(array.sum() - 1) > 1e-6:
        raise UsageError(f"a histogram of classes is shares [K] that sum to 1; got shape {list(array.shape)}")
    return array
