"""Features of a small classifier, trained on the classes of the data itself.

Nothing is downloaded, and pictures of different classes are far apart in them. They compare generators on one data
set: a Fréchet distance in them is not to be put beside one in Inception features, or one of other data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from steadygan.data.dataset import Dataset
from steadygan.data.sources.find import STACKED
from steadygan.errors import UsageError
from steadygan.features.base import Extracted
from steadygan.features.classifier_network import (
    WIDTH,
    Labelled,
    accuracy,
    build_network,
    labelled,
    normalised,
    shrunk,
    train,
)
from steadygan.features.neural import Weights, cached_weights, extract, hash_of, weights_file
from steadygan.features.pixels import check_same
from steadygan.metrics.arrays import Images
from steadygan.metrics.pyramids import block_size

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Sequential

Progress: TypeAlias = Callable[[int, int], None]

_VERSION = 1
_TRAINED_ON, _TESTED_ON = 60_000, 10_000
_LEAST_A_CLASS = 10
_BLOCK = 100  # of 500 the layers outgrow the processor's cache: half as long again


@dataclass(frozen=True, eq=False)
class ClassifierFeatures:
    """The last hidden layer, and the class probabilities, of a classifier of the data."""

    shape: tuple[int, ...]
    """(C, H, W) of the images"""
    network: Sequential
    """body and head, in eval mode"""
    facts: dict[str, Any]
    """held_out_accuracy (None if no held-out image has a label), tested_on, trained_on, data, seed, resize, …"""
    identity: str
    device: str = "cpu"

    @property
    def name(self) -> str:
        return "classifier"

    @property
    def width(self) -> int:
        return WIDTH

    def __call__(self, images: Images) -> Extracted:
        """Features [N, 128] and probabilities [N, classes] of images uint8 [N, C, H, W].

        Raises:
            UsageError: images of another shape than those trained on.
        """
        check_same(images, self.shape, self.name)
        return extract(self._forward, images, min(_BLOCK, block_size(images)), self.device, self.name)

    def _forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.network[0](normalised(shrunk(images)))
        return features, self.network[1](features)


@dataclass(frozen=True, eq=False)
class StackFeatures:
    """Features of stacked digits (three digits as the channels of one image): those of the channels, concatenated."""

    channel: ClassifierFeatures
    """for one digit, [N, 1, S, S]"""

    @property
    def name(self) -> str:
        return "classifier"

    @property
    def identity(self) -> str:
        return hashlib.sha256(f"three channels, {self.channel.identity}".encode()).hexdigest()

    @property
    def width(self) -> int:
        return 3 * self.channel.width

    @property
    def facts(self) -> dict[str, Any]:
        return {**self.channel.facts, "channels": "each by itself"}

    def digits(self, images: Images) -> NDArray[np.int64]:
        """The likeliest digits [N, 3] of stacks uint8 [N, 3, S, S].

        Raises:
            UsageError: images of another shape.
        """
        digits: NDArray[np.int64] = self._of_channels(images)[1].argmax(axis=2)
        return digits

    def __call__(self, images: Images) -> Extracted:
        """Features [N, 384] and probabilities [N, 1000] of stacks uint8 [N, 3, S, S].

        The class of the digits a b c is 100 a + 10 b + c; its probability is the product of theirs.

        Raises:
            UsageError: images of another shape.
        """
        features, digits = self._of_channels(images)
        stacks = np.einsum("na,nb,nc->nabc", *digits.transpose(1, 0, 2))
        return Extracted(features, stacks.reshape(len(images), -1))

    def _of_channels(self, images: Images) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Features [N, 384], probabilities of digits [N, 3, 10]."""
        check_same(images, (3, *self.channel.shape[1:]), self.name)
        features, probabilities = self.channel(images.reshape(-1, *self.channel.shape))
        assert probabilities is not None
        return features.reshape(len(images), -1), probabilities.reshape(len(images), 3, -1)


def classifier_features(
    dataset: Dataset,
    *,
    cache: str | None = None,
    seed: int = 0,
    device: str = "cpu",
    progress: Progress | None = None,
) -> ClassifierFeatures | StackFeatures:
    """Features of a classifier of this data: trained at the first call, from the cache afterwards.

    Trained on the training images that have labels, at most 60,000 of them, and tested on at most 10,000 held-out
    ones. Images are shrunk to at most 32 pixels a side first. Stacked digits have a classifier of single digits.

    Args:
        dataset: labelled images
        cache: folder of the cache; None: STEADYGAN_CACHE, or else the user's cache folder
        seed: of weights, order and shifts; another seed is another entry of the cache
        device: to train and run on
        progress: called with the batches done and all of them

    Raises:
        UsageError: points, data without labels, of one class, or with fewer than 10 labelled images a class.
        RunError: the cache cannot be written.
    """
    if dataset.name == STACKED and dataset.train.endless:
        return channel_classifier(dataset.sample.shape[-1], cache=cache, seed=seed, device=device, progress=progress)
    import torch

    classes = _check(dataset)
    shape = dataset.sample.shape

    def train_network() -> Weights:
        data = _training_images(dataset, seed)
        if len(data.images) < _LEAST_A_CLASS * classes:
            raise UsageError(
                f"'{dataset.name}' has {len(data.images)} labelled training images of {classes} classes; a classifier "
                f"needs {_LEAST_A_CLASS} a class, --features patches needs none"
            )
        trained, precision = train(data, classes, seed=seed, device=device, progress=progress)
        tested = labelled(dataset.held_out.samples, dataset.held_out.labels, _TESTED_ON)
        height, width = data.images.shape[2:]
        facts = {
            "held_out_accuracy": accuracy(trained, tested, device),
            "tested_on": len(tested.images),
            "trained_on": len(data.images),
            "trained_in": precision,
            "data": dataset.fingerprint,
            "seed": seed,
            "resize": "none" if (height, width) == shape[1:] else f"antialiased bicubic to {height}x{width}",
            "precision": "fp32",
        }
        return Weights({name: value.cpu() for name, value in trained.state_dict().items()}, facts)

    text = f"{_VERSION} {dataset.fingerprint} {dataset.sample} {dataset.class_names} {seed}"
    key = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    tensors, facts = cached_weights(weights_file(f"classifier-{key}", cache), train_network)
    with torch.random.fork_rng(devices=[]):  # layers draw initial weights
        network = build_network(shape[0], classes)
    network.load_state_dict(tensors)
    network.requires_grad_(False).eval().to(device)
    identity = hashlib.sha256(f"{_VERSION} {shape} {facts['resize']} {hash_of(tensors)}".encode()).hexdigest()
    return ClassifierFeatures(shape, network, facts, identity, device)


def channel_classifier(
    size: int,
    *,
    cache: str | None = None,
    seed: int = 0,
    device: str = "cpu",
    progress: Progress | None = None,
) -> StackFeatures:
    """Features of stacked digits [N, 3, size, size]: those of a classifier of single digits, channel by channel.

    Trained on scikit-learn's digits, brought to the size in the way those of 'stacked-digits' are; for the rest see
    ``classifier_features``.
    """
    from steadygan.data import DataOptions, open_data

    digits = open_data(DataOptions(source="digits", size=size, cache=cache))
    channel = classifier_features(digits, cache=cache, seed=seed, device=device, progress=progress)
    assert isinstance(channel, ClassifierFeatures)
    return StackFeatures(channel)


def _check(dataset: Dataset) -> int:
    """The number of classes; UsageError for data that no classifier can be trained on."""
    if not dataset.sample.is_picture:
        raise UsageError(f"'{dataset.name}' are points; a classifier is for pictures")
    classes = dataset.sample.classes
    if classes == 0:
        raise UsageError(f"'{dataset.name}' has no labels: --features patches needs none")
    if classes == 1:
        raise UsageError(f"'{dataset.name}' has one class only, nothing to tell apart: --features patches needs none")
    return classes


def _training_images(dataset: Dataset, seed: int) -> Labelled:
    data = dataset.train
    drawn = data.draw(np.random.default_rng(seed), data.part) if data.endless else data.some()
    return labelled(*drawn, _TRAINED_ON)
