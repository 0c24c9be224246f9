"""Feature extractors by name, real samples of a data set, and their features, cached."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steadygan.data.types import ENDLESS_PART, Labels, Samples, TrainData
from steadygan.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.features.base import Extracted, Features

NAMES = ("auto", "classifier", "inception", "patches", "pixels")
MOST_REAL = 50_000
"""real samples at most; of more, a fixed random subset"""


def make_features(
    name: str,
    dataset: Dataset,
    *,
    weights: str | Path | None = None,
    cache: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> Features:
    """The feature extractor of a name for a data set of images; trained, fitted or loaded at the first call.

    Args:
        name: 'classifier', 'inception', 'patches', 'pixels', 'package.module:function' of a user's own, or 'auto':
            the classifier where there are labels enough and it knows the classes better than chance, else patches
        dataset: of images
        weights: a file with Inception's weights
        cache: folder of the cache
        progress: called with the batches done and all of them while a classifier is trained
        say: called with a line if the classifier knows nothing

    Raises:
        UsageError: one line, for a name that is unknown or features that this data cannot have.
    """
    asked = name
    if name == "auto":
        name = default_features(dataset)
    if ":" in name:
        from steadygan.features.by_path import features_by_path

        return features_by_path(name, shape=dataset.sample.shape)
    if name not in NAMES:
        raise unknown_name("features", name, NAMES)
    if name == "classifier":
        from steadygan.features.classifier import classifier_features

        classifier = classifier_features(dataset, cache=cache, progress=progress)
        ignorance = ignorance_of(classifier, dataset)
        if ignorance and say is not None:
            say(f"{ignorance}: {'features patches are taken' if asked == 'auto' else 'its features mean little'}")
        if not ignorance or asked != "auto":
            return classifier
        name = "patches"
    if name == "inception":
        from steadygan.features.inception import inception_features

        return inception_features(weights, cache=cache)
    images = real_samples(dataset, "train")[0]
    if name == "pixels":
        from steadygan.features.pixels import fit_pixels

        return fit_pixels(images)
    from steadygan.features.patches import fit_patches

    return fit_patches(images)


def ignorance_of(features: Features, dataset: Dataset) -> str:
    """Why a classifier of the data knows no more than chance; '' for one that knows more, and for other features."""
    from steadygan.features.chance import knowledge
    from steadygan.features.classifier import ClassifierFeatures

    if not isinstance(features, ClassifierFeatures):  # that of stacked digits is one of other pictures
        return ""
    known = knowledge(features, dataset)
    return "" if known.enough else known.words()


def default_features(dataset: Dataset) -> str:
    """'classifier' for data with at least 10 labelled images a class on average, else 'patches'.

    A classifier that turns out to know nothing is not taken: ``make_features``.
    """
    classes = dataset.sample.classes
    return "classifier" if classes > 1 and dataset.train.part >= 10 * classes else "patches"


def real_samples(dataset: Dataset, split: str, most: int = MOST_REAL) -> tuple[Samples, Labels | None]:
    """Real samples and labels of a split, at most ``most``: a fixed part of more and of a
    stream, a fixed draw of endless data."""
    data: TrainData = dataset.train if split == "train" else dataset.held_out
    if data.endless:
        return data.draw(np.random.default_rng(0), min(most, data.part))
    samples, labels = data.some()
    if len(samples) <= most:
        return samples, labels
    rows = subset_indices(len(samples), most)
    return samples[rows], None if labels is None else labels[rows]


def subset_indices(count: int, most: int) -> NDArray[np.int64]:
    """At most ``most`` of the indices 0 to count - 1, ascending; a random subset, as data may lie sorted by class."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, most, replace=False))


def real_features(features: Features, dataset: Dataset, split: str, *, cache: str | None = None) -> Extracted:
    """Features of a split's real images, from the cache if they were computed before."""
    import torch

    from steadygan.features.base import Extracted
    from steadygan.features.neural import Weights, cached_weights

    def compute() -> Weights:
        images, _ = real_samples(dataset, split)
        if not len(images):
            raise UsageError(f"'{dataset.name}' has no {split} images")
        extracted = features(np.asarray(images, dtype=np.uint8))
        tensors = {"features": torch.from_numpy(extracted.features)}
        if extracted.probabilities is not None:
            tensors["probabilities"] = torch.from_numpy(extracted.probabilities)
        return Weights(tensors, {"features": features.name, "data": dataset.name, "split": split})

    tensors, _ = cached_weights(_kept_file(features, dataset, split, cache), compute)
    probabilities = tensors.get("probabilities")
    return Extracted(tensors["features"].numpy(), None if probabilities is None else probabilities.numpy())


def is_kept(features: Features, dataset: Dataset, split: str, cache: str | None = None) -> bool:
    """True if the features of a split's real images are in the cache."""
    return _kept_file(features, dataset, split, cache).is_file()


def _kept_file(features: Features, dataset: Dataset, split: str, cache: str | None) -> Path:
    from steadygan.features.neural import weights_file

    text = f"{dataset.fingerprint} {dataset.sample} {split} {MOST_REAL} {ENDLESS_PART} {features.identity}"
    key = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    return weights_file(f"real-{key}", cache)
