"""The real side of an evaluation: real samples, their features and statistics, computed once for all generators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steadygan.data.dataset import Labels, Samples
from steadygan.data.text.alphabet import decode
from steadygan.evaluation.extracting import real_features, real_samples, subset_indices

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.features.base import Features
    from steadygan.metrics.arrays import Rows
    from steadygan.metrics.frechet import Statistics

_LARGEST = 32


@dataclass(frozen=True, eq=False)
class RealSide:
    """Training and held-out samples of a data set in some features; each property is computed at its first use.

    Nothing here depends on generated samples, so that one real side serves any number of them.
    """

    dataset: Dataset
    features: Features | None = None
    """None for points and text"""
    make_classifier: Callable[[], Features] | None = None
    """for data with labels"""
    cache: str | None = None
    """folder of the cache"""
    _floors: dict[tuple[str | int, ...], float] = field(default_factory=dict, init=False, repr=False)
    _neighbours: dict[tuple[int, int], Rows] = field(default_factory=dict, init=False, repr=False)

    @property
    def inception(self) -> bool:
        """True if the features come with Inception's 1,008 classes."""
        return self.features is not None and self.features.name == "inception"

    @cached_property
    def train(self) -> tuple[Samples, Labels | None]:
        """Training samples [M, ...], and their labels."""
        return real_samples(self.dataset, "train")

    @cached_property
    def held_out(self) -> tuple[Samples, Labels | None]:
        """Samples [H, ...] that were never trained on, and their labels."""
        return real_samples(self.dataset, "held out")

    @cached_property
    def train_features(self) -> NDArray[np.float32]:
        """[M, width]"""
        assert self.features is not None
        return real_features(self.features, self.dataset, "train", cache=self.cache).features

    @cached_property
    def held_out_features(self) -> NDArray[np.float32]:
        """[H, width]"""
        assert self.features is not None
        return real_features(self.features, self.dataset, "held out", cache=self.cache).features

    def some_features(self, count: int) -> NDArray[np.float32]:
        """A random subset of the training features [count, width], the same at each call."""
        return self.train_features[subset_indices(len(self.train_features), count)]

    def neighbour_distances(self, count: int, k: int) -> Rows:
        """Squared distances [count, k] of each of ``some_features`` to its k nearest others, ascending."""
        from steadygan.metrics.manifold import neighbour_distances

        if (count, k) not in self._neighbours:
            self._neighbours[count, k] = neighbour_distances(self.some_features(count), k)
        return self._neighbours[count, k]

    @cached_property
    def statistics(self) -> Statistics:
        """Mean and covariance of the training features."""
        from steadygan.metrics.frechet import Moments

        moments = Moments()
        moments.add(self.train_features)
        return moments.statistics()

    @cached_property
    def classifier(self) -> Features:
        """A classifier of the data's own classes."""
        assert self.make_classifier is not None
        return self.make_classifier()

    @cached_property
    def held_out_probabilities(self) -> NDArray[np.float64]:
        """The classifier's class probabilities of the held-out images [H, classes]."""
        probabilities = real_features(self.classifier, self.dataset, "held out", cache=self.cache).probabilities
        assert probabilities is not None
        return probabilities

    @cached_property
    def train_pixels(self) -> Samples:
        """[M, D], see ``pixel_vectors``."""
        return pixel_vectors(self.train[0])

    def lines(self, ids: Samples) -> list[str]:
        """Text of ids of characters [N, L]."""
        assert self.dataset.alphabet is not None
        return decode(ids, self.dataset.alphabet)

    def floor(self, compute: Callable[[], float], metric: str, *settings: int) -> float:
        """What held-out real samples get by a metric; computed once for each of its settings."""
        key: tuple[str | int, ...] = (metric, *settings)
        if key not in self._floors:
            self._floors[key] = compute()
        return self._floors[key]


def pixel_vectors(images: Samples) -> Samples:
    """Pixels [M, D] to measure distances in; images above 32 pixels are averaged down first."""
    if images.ndim == 4 and max(images.shape[2:]) > _LARGEST:
        down, across = (-(-side // _LARGEST) for side in images.shape[2:])
        height, width = images.shape[2] // down * down, images.shape[3] // across * across
        cut = images[:, :, :height, :width]
        shape = (len(images), images.shape[1], height // down, down, width // across, across)
        blocks = [cut[i : i + 500].reshape(-1, *shape[1:]).mean(axis=(3, 5)) for i in range(0, len(cut), 500)]
        images = np.concatenate(blocks).astype(np.float32)
    return images.reshape(len(images), -1)
