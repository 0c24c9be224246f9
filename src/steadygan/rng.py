"""Counter-based random numbers (Philox): independent streams, each a function of (seed, stream, round)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steadygan.types import RandomSpec

if TYPE_CHECKING:
    from torch import Tensor


class Stream(IntEnum):
    """Stream numbers of independent random sequences; a new use takes a new number, which leaves old runs unchanged."""

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
    LOOKS = 24
    """of what measures a training's health"""
    NETWORKS = 40
    """of networks of the user's own that draw in their forward: dropout, noise"""
    NOISE = 60
    """of a generator that draws in training (``networks.drawing``), in critic steps; the next number in its own"""
    GENERATOR_NOISE = 61
    MIXED_LATENTS = 62
    GENERATOR_MIXED_LATENTS = 63
    MIXING = 64
    GENERATOR_MIXING = 65
    ENCODER_REAL = 70
    """of the training of an encoder before the first round, as the next two"""
    ENCODER_FLIPS = 71
    ENCODER_REPRESENTATION = 72
    PENALTIES = 1000
    """first of 1,000 streams, one for each penalty of a recipe"""


def stream_generator(
    seed: int, stream: int, round_: int = 0, *, block: int = 0, chunk: int = 0, substream: int = 0
) -> np.random.Generator:
    """A Philox generator for one stream in one round, starting at a block of its counter; chunks and substreams never
    overlap."""
    key = np.array([int(seed) & (2**64 - 1), stream], dtype=np.uint64)
    counter = np.array([block, chunk, substream, round_], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


@contextmanager
def torch_seeded(seed: int) -> Iterator[None]:
    """Context in which torch draws from this seed, for networks that draw in their forward.

    The states of torch's generators are restored.
    """
    from steadygan.measuring import preserved_random_state, seed_random_numbers

    with preserved_random_state():
        seed_random_numbers(seed)
        yield


def fixed_generator(stream: int) -> np.random.Generator:
    """A Philox generator that does not depend on the run's seed, for synthetic data."""
    return np.random.Generator(np.random.Philox(key=np.array([0x57EAD16A, stream], dtype=np.uint64)))


_BLOCK = 8  # float32 numbers per value of Philox's counter

NORMAL_CHUNK = 65_536
"""normal numbers drawn in sequence: rejection sampling uses a number of counter values known only afterwards"""


def uniform_from(
    seed: int, stream: int, round_: int, first: int, count: int, substream: int = 0
) -> NDArray[np.float32]:
    """``count`` uniform numbers of a stream from index ``first`` on, without drawing those before.

    The same as ``stream_generator(seed, stream, round_).random(first + count, dtype=float32)[first:]``.
    """
    rng = stream_generator(seed, stream, round_, block=first // _BLOCK, substream=substream)
    rng.random(first % _BLOCK, dtype=np.float32)
    return rng.random(count, dtype=np.float32)


def normal_from(seed: int, stream: int, round_: int, first: int, count: int, substream: int = 0) -> NDArray[np.float32]:
    """``count`` standard normal numbers of a stream from index ``first`` on; draws less than one chunk before them.

    The first ``NORMAL_CHUNK`` equal ``stream_generator(seed, stream, round_).standard_normal``; each later chunk has
    a counter range of its own.
    """
    end = first + count
    pieces = [np.empty(0, np.float32)] if count == 0 else []
    for chunk in range(first // NORMAL_CHUNK, -(-end // NORMAL_CHUNK)):
        begin = chunk * NORMAL_CHUNK
        rng = stream_generator(seed, stream, round_, chunk=chunk, substream=substream)
        drawn = rng.standard_normal(min(end - begin, NORMAL_CHUNK), dtype=np.float32)
        pieces.append(drawn[max(first - begin, 0) :])
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def draw_random(spec: RandomSpec, rng: np.random.Generator, *leading: int) -> Tensor:
    """Draws a float32 tensor [*leading, *spec.shape] on the CPU."""
    import torch  # not above: data is opened without it

    shape = (*leading, *spec.shape)
    if spec.distribution == "normal":
        return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
    return torch.from_numpy(rng.random(shape, dtype=np.float32))


def draw_labels(
    classes: int, rng: np.random.Generator, *leading: int, shares: NDArray[np.float64] | None = None
) -> Tensor | None:
    """Draws labels [*leading], int64, on the CPU: uniform ones, or with these shares [classes]; None for 0 classes."""
    import torch

    if not classes:
        return None
    if shares is not None:
        return torch.from_numpy(rng.choice(classes, leading, p=shares).astype(np.int64))
    return torch.from_numpy(rng.integers(0, classes, leading, dtype=np.int64))
