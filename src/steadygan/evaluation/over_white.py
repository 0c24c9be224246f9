"""Pictures with alpha as metrics see them: composited on white, generated and real ones alike."""

from __future__ import annotations

import dataclasses

from steadygan.data.alpha import over_white
from steadygan.data.dataset import Dataset, Stored
from steadygan.evaluation.extracting import real_samples
from steadygan.types import SampleSpec, has_alpha

FACT = {"transparency": "composited on white"}
"""what the provenance of such numbers says"""


def is_judged_over_white(sample: SampleSpec) -> bool:
    """True for pictures with an alpha channel."""
    return sample.is_picture and has_alpha(sample.shape[0])


def dataset_over_white(dataset: Dataset) -> Dataset:
    """The data set with its pictures [C - 1, H, W] composited on white; of large ones and of streams a fixed part."""
    train, held_out = (
        Stored(over_white(samples), labels)
        for samples, labels in (real_samples(dataset, split) for split in ("train", "held out"))
    )
    channels, *sides = dataset.sample.shape
    sample = dataclasses.replace(dataset.sample, shape=(channels - 1, *sides))
    return dataclasses.replace(dataset, sample=sample, train=train, held_out=held_out)
