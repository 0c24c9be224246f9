"""Counter-based random numbers: independent Philox streams, each a function of (seed, stream, round)."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steadygan.types import RandomSpec

if TYPE_CHECKING:
    from torch import Tensor


class Stream(IntEnum):
    """Independent sequences of random numbers; a new use takes a new number, so that old runs stay as they were."""

    WEIGHTS = 1
    REAL = 2
    FLIPS = 3
    REPRESENTATION = 4
    LATENTS = 5
    GENERATOR_LATENTS = 6
    GENERATOR_LABELS = 7
    GENERATOR_REAL = 8
    GENERATOR_FLIPS = 9
    GENERATOR_REPRESENTATION = 10
    HELD_OUT = 11
    PICTURES = 12
    PICTURE_LABELS = 13
    STATISTICS = 14
    STATISTICS_LABELS = 15
    SAMPLES = 16
    SAMPLE_LABELS = 17
    EVALUATION = 18
    EVALUATION_LABELS = 19
    PERTURBATION_REAL = 20
    PERTURBATION_FAKE = 21
    GENERATOR_PERTURBATION_REAL = 22
    GENERATOR_PERTURBATION_FAKE = 23
    PENALTIES = 1000
    """the first of a thousand, one for each penalty of a recipe"""


def stream_generator(
    seed: int, stream: int, round_: int = 0, *, block: int = 0, stretch: int = 0, part: int = 0
) -> np.random.Generator:
    """The random numbers of one stream in one round, from a value of its counter on; stretches and parts of a stream
    never meet."""
    key = np.array([seed & (2**64 - 1), stream], dtype=np.uint64)
    counter = np.array([block, stretch, part, round_], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def fixed_generator(stream: int) -> np.random.Generator:
    """Random numbers that are the same in every run, whatever its seed; for data that is generated."""
    return np.random.Generator(np.random.Philox(key=np.array([0x57EAD16A, stream], dtype=np.uint64)))


_BLOCK = 8  # float32 numbers that Philox makes of one value of its counter


STRETCH = 65_536
"""normal numbers that are drawn one after another: how much of the counter each takes is known only then"""


def uniform_from(seed: int, stream: int, round_: int, first: int, count: int, part: int = 0) -> NDArray[np.float32]:
    """``count`` uniform numbers of a stream, from its number ``first`` on, without drawing those before.

    The same as ``stream_generator(seed, stream, round_).random(first + count, dtype=float32)[first:]``.
    """
    rng = stream_generator(seed, stream, round_, block=first // _BLOCK, part=part)
    rng.random(first % _BLOCK, dtype=np.float32)
    return rng.random(count, dtype=np.float32)


def normal_from(seed: int, stream: int, round_: int, first: int, count: int, part: int = 0) -> NDArray[np.float32]:
    """``count`` standard normal numbers of a stream, from its number ``first`` on; at most a stretch before is drawn.

    The first ``STRETCH`` are those of ``stream_generator(seed, stream, round_).standard_normal``; each later stretch
    begins at a place of its own.
    """
    end = first + count
    pieces = []
    for stretch in range(first // STRETCH, -(-end // STRETCH)):
        begin = stretch * STRETCH
        rng = stream_generator(seed, stream, round_, stretch=stretch, part=part)
        drawn = rng.standard_normal(min(end - begin, STRETCH), dtype=np.float32)
        pieces.append(drawn[max(first - begin, 0) :])
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def draw_random(noise: RandomSpec, rng: np.random.Generator, *leading: int) -> Tensor:
    """A float32 tensor [*leading, *noise.shape] of the asked distribution, on the host."""
    import torch  # not above: data is opened without it

    shape = (*leading, *noise.shape)
    if noise.distribution == "normal":
        return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
    return torch.from_numpy(rng.random(shape, dtype=np.float32))


def draw_labels(classes: int, rng: np.random.Generator, *leading: int) -> Tensor | None:
    """Uniform labels [*leading], int64, on the host; None where there are no classes."""
    import torch

    return torch.from_numpy(rng.integers(0, classes, leading, dtype=np.int64)) if classes else None
