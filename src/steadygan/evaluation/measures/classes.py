"""Metrics by classes of a classifier: Inception score, shares of classes, modes of stacked digits."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from steadygan.evaluation.material import Material
from steadygan.evaluation.measures.subject import Measure, of_one_class, of_scored_images, of_stacked_digits
from steadygan.evaluation.record import Number


def _score(material: Material) -> Iterable[Number]:
    """By Inception's own classes if these are the features, else by a classifier of the data."""
    from steadygan.metrics.inception_score import inception_score

    real = material.real
    if real.inception:
        probabilities = material.features.probabilities
        assert probabilities is not None
        score = inception_score(probabilities)
        yield Number("inception_score", score.value, score.error, better="higher")
        return
    score = inception_score(material.probabilities)
    floor = inception_score(real.held_out_probabilities, splits=1).value
    yield Number("inception_score", score.value, score.error, floor, len(real.held_out[0]), "higher")


def _classes(material: Material) -> Iterable[Number]:
    from steadygan.metrics import labels

    real = material.real
    predicted = material.probabilities.argmax(axis=1)
    classes = real.dataset.sample.classes
    images, real_labels = real.train
    assert real_labels is not None
    shares = labels.class_histogram(predicted, classes)
    real_shares = labels.class_histogram(real_labels[real_labels >= 0], classes)
    yield Number("class_distance", labels.histogram_distance(shares, real_shares))
    ratios = (shares / np.maximum(real_shares, 1e-12))[real_shares > 0]
    yield Number("smallest_class", float(ratios.min()), better="one")
    top = material.probabilities.max(axis=1)
    error = float(top.std(ddof=1) / len(top) ** 0.5)
    floor = float(real.held_out_probabilities.max(axis=1).mean())
    yield Number("confidence", float(top.mean()), error, floor, len(real.held_out[0]), "higher")
    within = labels.within_class_variance_ratio(material.samples, predicted, images, real_labels)
    yield Number("within_class_variance", within.ratio, better="one")
    yield Number("smallest_within_class_variance", within.smallest_ratio, better="one")
    if material.conditions is not None:
        accuracy = labels.class_accuracy(predicted, material.conditions)
        yield Number("class_accuracy", accuracy.value, accuracy.error, better="higher")


def _stacks(material: Material) -> Iterable[Number]:
    from steadygan.features.classifier import StackFeatures
    from steadygan.metrics.modes import expected_stacked, stacked_modes

    classifier = material.real.classifier
    assert isinstance(classifier, StackFeatures)
    modes = stacked_modes(classifier.digits(np.asarray(material.samples, dtype=np.uint8)))
    expected = expected_stacked(len(material.samples))
    yield Number("modes", float(modes.covered), floor=expected.covered, better="higher")
    yield Number("modes_kl", modes.kl, floor=expected.kl)


MEASURES = (
    Measure(
        "inception_score",
        "a classifier's predictions for images; needs labels",
        "classifier",
        of_scored_images,
        _score,
        least=100,
    ),
    Measure("classes", "classes of images; needs labels", "classifier", of_one_class, _classes, least=100),
    Measure("stacked_modes", "the 1,000 modes of stacked digits", "classifier", of_stacked_digits, _stacks, least=100),
)
