"""What metrics look at: samples, real ones, and what is computed from them once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steadygan.data.dataset import Labels, Samples
from steadygan.data.text.alphabet import decode
from steadygan.evaluation.extracting import real_features, real_part

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.features.base import Extracted, Features
    from steadygan.metrics.frechet import Statistics

_SIDE = 32


@dataclass(eq=False)
class Material:
    """Generated samples beside a data set."""

    dataset: Dataset
    samples: Samples
    """as a user gets them: uint8 images [N, C, H, W], float32 points [N, D], or ids of characters [N, L]"""
    asked: Labels | None = None
    """[N]: the classes that were asked for, where the generator listens to them"""
    features: Features | None = None
    """None for points and text"""
    inception: bool = False
    """do the features come with Inception's 1,008 classes?"""
    make_classifier: Callable[[], Features] | None = None
    """for data with labels"""
    make_scales: Callable[[int], Sequence[Samples]] | None = None
    """for multi-scale generators: at most so many of the samples at all their sizes, coarse to fine"""
    seed: int = 0
    cache: str | None = None
    floors: dict[str, float] = field(default_factory=dict)
    """what held-out real samples get, by metric: it stays when the samples change"""

    def floor(self, metric: str, compute: Callable[[], float]) -> float:
        """What held-out real samples get, computed at the first call."""
        if metric not in self.floors:
            self.floors[metric] = compute()
        return self.floors[metric]

    @property
    def is_image(self) -> bool:
        return self.dataset.sample.is_image

    @property
    def is_text(self) -> bool:
        return self.dataset.sample.is_text

    def lines(self, ids: Samples) -> list[str]:
        """Text of its ids [N, L]."""
        assert self.dataset.alphabet is not None
        return decode(ids, self.dataset.alphabet)

    @cached_property
    def train(self) -> tuple[Samples, Labels | None]:
        """Real training samples [M, ...], and their labels."""
        return real_part(self.dataset, "train")

    @cached_property
    def held_out(self) -> tuple[Samples, Labels | None]:
        """Real samples that were never trained on, and their labels."""
        return real_part(self.dataset, "held out")

    @cached_property
    def fake_features(self) -> Extracted:
        assert self.features is not None
        return self.features(np.asarray(self.samples, dtype=np.uint8))

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
    def fake_probabilities(self) -> NDArray[np.float64]:
        """The classifier's opinion of the samples [N, classes]."""
        if self.features is not None and self.features.identity == self.classifier.identity:
            found = self.fake_features.probabilities
        else:
            found = self.classifier(np.asarray(self.samples, dtype=np.uint8)).probabilities
        assert found is not None
        return found

    @cached_property
    def held_out_probabilities(self) -> NDArray[np.float64]:
        """The classifier's opinion of the held-out images [H, classes]."""
        found = real_features(self.classifier, self.dataset, "held out", cache=self.cache).probabilities
        assert found is not None
        return found

    def rows(self, part: Samples) -> Samples:
        """Pixels [M, D] to measure likeness in: pictures above 32 pixels are averaged down first."""
        if part.ndim == 4 and max(part.shape[2:]) > _SIDE:
            factor = -(-max(part.shape[2:]) // _SIDE)
            height, width = (side // factor * factor for side in part.shape[2:])
            cut = part[:, :, :height, :width]
            shape = (len(part), part.shape[1], height // factor, factor, width // factor, factor)
            blocks = [cut[i : i + 500].reshape(-1, *shape[1:]).mean(axis=(3, 5)) for i in range(0, len(cut), 500)]
            part = np.concatenate(blocks).astype(np.float32)
        return part.reshape(len(part), -1)

    @cached_property
    def train_rows(self) -> Samples:
        """Pixels of the training images [M, D]."""
        return self.rows(self.train[0])
