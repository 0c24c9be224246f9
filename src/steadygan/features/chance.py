"""Whether a classifier of the data knows something: its held-out accuracy against chance, by a binomial bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from steadygan.data.dataset import Dataset
    from steadygan.features.classifier import ClassifierFeatures

CONFIDENCE = 0.99


class Knowledge(NamedTuple):
    """A classifier's accuracy on held-out images, and what it is measured by."""

    accuracy: float | None
    """None if no held-out image has a label"""
    chance: float
    """share of the most frequent class among held-out images: the accuracy of always answering that"""
    bound: float
    """the accuracy is at least this much, with a confidence of 99% (Clopper and Pearson 1934)"""
    tested_on: int

    @property
    def enough(self) -> bool:
        """True if the bound is above chance by a margin: a tenth of what is missing to 1, or twice the chance."""
        return self.bound > min(2 * self.chance, self.chance + 0.1 * (1 - self.chance))

    def words(self) -> str:
        """Why the classifier is not taken."""
        if self.accuracy is None:
            return "no held-out image has a label to test the classifier of the data on"
        return (
            f"the classifier of the data is right for {self.accuracy:.1%} of {self.tested_on:,} held-out images, and "
            f"the most frequent class alone would be for {self.chance:.1%}"
        )


def knowledge(features: ClassifierFeatures, dataset: Dataset) -> Knowledge:
    """What a classifier knows of the classes of its data."""
    accuracy, count = features.facts.get("held_out_accuracy"), int(features.facts.get("tested_on", 0))
    labels = dataset.held_out.labels
    if accuracy is None or not count or labels is None or not len(labels):
        return Knowledge(None, 1.0, 0.0, 0)
    chance = float(np.bincount(labels).max() / len(labels))
    return Knowledge(float(accuracy), chance, lower_bound(round(accuracy * count), count), count)


def lower_bound(right: int, count: int, confidence: float = CONFIDENCE) -> float:
    """The smallest probability with which ``right`` or more of ``count`` come about in 1 - ``confidence`` of cases."""
    from scipy.special import betaincinv  # as scipy.stats.beta.ppf, which is a second in loading

    return 0.0 if right == 0 else float(betaincinv(right, count - right + 1, 1 - confidence))
