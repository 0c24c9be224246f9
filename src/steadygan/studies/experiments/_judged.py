"""Numbers of generated pictures for studies: by a classifier of the data's classes, and by patches of pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from steadygan.errors import UsageError

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.evaluation.real_side import RealSide
    from steadygan.features.base import Features

COUNT = 1_000
"""generated samples that are judged"""
CLASSIFIER = 1
"""seed of the classifier: not that of evaluations, whose weights, in the cache, may come of any number of threads"""
NAMES = {"frechet": "distance", "inception_score": "score", "smallest_class": "smallest_class"}
NAMES |= {"precision": "precision", "recall": "recall"}


class Judge:
    """Judges samples of one data set; with one thread, so that its numbers are the same under any load.

    - ``distance``: the Fréchet distance of patches; 1 is the loss of all variety
    - ``score``: exp(E KL) of a classifier of the data's classes, from 1 to their number, and ``real_score``, that of
      held-out pictures; only with labels
    - ``class_distance``: the Fréchet distance of the classifier's features; only with labels
    - ``smallest_class``: share of the rarest class, 1 is right; only with labels
    - ``precision``, ``recall``: in the classifier's features, without labels in those of patches
    """

    def __init__(self, dataset: Dataset, *, need_labels: bool = False) -> None:
        """
        Args:
            dataset: of pictures
            need_labels: refuse data without labels

        Raises:
            UsageError: for other data, or data without the labels that are needed.
        """
        from steadygan.evaluation.extracting import default_features

        if not dataset.sample.is_picture:
            raise UsageError(f"this study is for pictures, but '{dataset.name}' are {dataset.sample.plural}")
        self.labelled = default_features(dataset) == "classifier"
        if need_labels and not self.labelled:
            raise UsageError(f"this study needs pictures with classes, at least 10 of each; '{dataset.name}' has none")
        self.dataset = dataset
        self._sides: dict[str, RealSide] = {}

    def __call__(self, samples: NDArray[np.uint8]) -> dict[str, float]:
        """The numbers of samples uint8 [N, C, H, W]."""
        with one_thread():
            numbers = self._numbers("patches", ["frechet"], samples)
            if not self.labelled:
                return numbers | self._numbers("patches", ["manifold"], samples)
            of_classes = self._numbers("classifier", ["frechet", "manifold", "inception_score", "classes"], samples)
        distance = of_classes.pop("distance")
        return {**numbers, **of_classes, "class_distance": distance}

    def _numbers(self, features: str, names: list[str], samples: NDArray[np.uint8]) -> dict[str, float]:
        from steadygan.evaluation.material import Material
        from steadygan.evaluation.measures import Subject, select

        material = Material(self._side(features), samples)
        measures = select(names, Subject(self.dataset, len(samples)))
        found = {number.metric: number for measure in measures for number in measure.compute(material)}
        numbers = {NAMES[metric]: float(number.value) for metric, number in found.items() if metric in NAMES}
        if "score" in numbers:
            numbers["real_score"] = float(found["inception_score"].floor or math.nan)
        return numbers

    def _side(self, features: str) -> RealSide:
        from steadygan.evaluation.extracting import make_features
        from steadygan.evaluation.real_side import RealSide

        if features not in self._sides:
            made = self._classifier() if features == "classifier" else make_features(features, self.dataset)
            self._sides[features] = RealSide(self.dataset, made, lambda: made)
        return self._sides[features]

    def _classifier(self) -> Features:
        from steadygan.features.classifier import classifier_features

        return classifier_features(self.dataset, seed=CLASSIFIER)


def inception_numbers(dataset: Dataset, samples: NDArray[np.uint8]) -> dict[str, float]:
    """Inception score and Fréchet-Inception distance, of pictures of colour where a file of its weights is named.

    Nothing is downloaded: without STEADYGAN_INCEPTION, or for grey pictures, which Inception was not trained on, there
    are no numbers.
    """
    import os

    from steadygan.features.inception import VARIABLE

    if not os.environ.get(VARIABLE) or dataset.sample.shape[0] != 3:
        return {}
    from steadygan.evaluation.extracting import make_features
    from steadygan.evaluation.material import Material
    from steadygan.evaluation.measures import Subject, select
    from steadygan.evaluation.real_side import RealSide

    with one_thread():
        material = Material(RealSide(dataset, make_features("inception", dataset)), samples)
        measures = select(["frechet", "inception_score"], Subject(dataset, len(samples), inception=True))
        found = {number.metric: float(number.value) for measure in measures for number in measure.compute(material)}
    return {"inception_distance": found["frechet"], "inception_score": found["inception_score"]}


@contextmanager
def one_thread() -> Iterator[None]:
    """Work of torch with one thread."""
    from steadygan.system.threads import restored_threads

    with restored_threads(1):
        yield


def pictures_of(samples: Any) -> NDArray[np.uint8]:
    """Samples of a run as uint8 [N, C, H, W]."""
    return np.asarray(samples, dtype=np.uint8)
