"""Signals, volumes and images of many bands as grey pictures, so that they are judged by principal components.

Each sample [C, ...] in [-1, 1] is averaged over blocks until it has at most 4,096 numbers, and becomes one picture of
256 levels: rows are channels (and the depth and height of volumes), columns the last axis.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from steadygan.data.dataset import Dataset, Samples, Stored
from steadygan.evaluation.extracting import real_samples
from steadygan.types import SampleSpec

MOST_NUMBERS = 4_096
MEASURES = ("frechet", "kernel", "manifold", "memorisation")
"""metrics that say something of such pictures"""


def is_judged_as_pixels(sample: SampleSpec) -> bool:
    """True for grids that are no 8-bit pictures."""
    return sample.is_grid and not sample.is_picture


def as_pixels(samples: Samples) -> NDArray[np.uint8]:
    """Samples float [N, C, ...] in [-1, 1] as uint8 [N, 1, rows, columns]; numbers beyond are clipped."""
    blocks = [_pixels(samples[start : start + 512]) for start in range(0, len(samples), 512)]
    return np.concatenate(blocks) if blocks else _pixels(samples)


def _pixels(samples: Samples) -> NDArray[np.uint8]:
    values = samples.astype(np.float64)
    for axis, factor in enumerate(_factors(samples.shape[1:]), start=2):
        if factor > 1:
            edges = np.arange(0, values.shape[axis], factor)
            counts = np.diff(np.append(edges, values.shape[axis]))
            shape = [1] * values.ndim
            shape[axis] = -1
            values = np.add.reduceat(values, edges, axis=axis) / counts.reshape(shape)
    levels = np.rint((values + 1) * 127.5).clip(0, 255).astype(np.uint8)
    return levels.reshape(len(levels), 1, -1, levels.shape[-1])


def _factors(shape: tuple[int, ...]) -> list[int]:
    """Sides of the blocks over the axes behind the channels: the longest axis is halved until few numbers are left."""
    lengths, factors = list(shape[1:]), [1] * (len(shape) - 1)
    while shape[0] * math.prod(lengths) > MOST_NUMBERS and max(lengths) > 1:
        axis = lengths.index(max(lengths))
        factors[axis] *= 2
        lengths[axis] = -(-shape[axis + 1] // factors[axis])
    return factors


def dataset_as_pixels(dataset: Dataset) -> Dataset:
    """The data set with its samples as grey pictures, without classes; of large ones a fixed part."""
    parts: list[Stored] = []
    for split in ("train", "held out"):
        samples, _ = real_samples(dataset, split)
        parts.append(Stored(as_pixels(samples)))
    train, held_out = parts
    sample = SampleSpec(train.samples.shape[1:], kind="image")
    return dataclasses.replace(dataset, sample=sample, train=train, held_out=held_out, class_names=(), units=None)
