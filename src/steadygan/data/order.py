"""Shuffled sampling order: a pure function of the seed and of the position in the run."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_DOMAIN = 0x0DE2  # keeps these streams apart from others that are keyed by the same seed


def sample_indices(seed: int, start: int, count: int, size: int) -> NDArray[np.int64]:
    """Indices [count] into ``size`` samples for the positions ``start`` to ``start + count`` of a run.

    Each epoch is a permutation of all samples. Any slice equals the same slice of the whole sequence, so a resumed
    run, or one on more processes, needs only the number of samples before it.
    """
    if size < 1 or count < 0 or start < 0:
        raise ValueError(f"cannot order size={size} samples from start={start}, count={count}")
    pieces = []
    end = start + count
    while start < end:
        epoch, offset = divmod(start, size)
        piece = _epoch_order(seed, epoch, size)[offset : offset + end - start]
        pieces.append(piece)
        start += len(piece)
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)


@lru_cache(maxsize=2)  # a batch can straddle two epochs
def _epoch_order(seed: int, epoch: int, size: int) -> NDArray[np.int64]:
    return permutation(size, seed, epoch, _DOMAIN)


def permutation(size: int, seed: int, epoch: int, domain: int, which: int = 0) -> NDArray[np.int64]:
    """A permutation [size], read-only; from sorted raw bits, which numpy keeps across versions, unlike its shuffling.

    Args:
        size: number of items
        seed: of the run
        epoch: from 0
        domain: a constant for each use: permutations of different uses are independent
        which: index of the permutation within the epoch
    """
    key = np.array([seed % 2**64, epoch], dtype=np.uint64)
    counter = np.array([0, 0, which, domain], dtype=np.uint64)
    bits = np.random.Philox(key=key, counter=counter).random_raw(size)
    order = np.argsort(bits, kind="stable").astype(np.int64, copy=False)
    order.flags.writeable = False
    return order
