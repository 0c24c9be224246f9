"""One pass over numbers: least, largest, mean and deviation of each channel, hashes of samples, and what is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steadygan.data.numbers.source import Numbers
from steadygan.errors import DataError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Statistics:
    """What is known of numbers [M, C, ...] after one pass."""

    low: Array
    """[C]"""
    high: Array
    """[C]"""
    mean: Array
    """[C]"""
    deviation: Array
    """[C], 0 exactly for a channel that is constant"""
    whole: NDArray[np.bool_]
    """[C], True where all numbers are whole"""
    middle: tuple[Array, Array]
    """[C] each: 1% and 99% of the numbers of a sample of them"""
    digests: tuple[bytes, ...]
    """hash of each sample's bytes, splits one after the other"""


_LARGEST = 1e140
_EXAMPLES = 2**18  # numbers of a channel, about, of which quantiles are taken


def statistics_of(splits: Sequence[Numbers], columns: tuple[str, ...] = ()) -> Statistics:
    """The statistics of all splits together.

    Raises:
        DataError: one line with the place of a number that is not finite.
    """
    channels = splits[0].shape[1]
    low, high = np.full(channels, np.inf), np.full(channels, -np.inf)
    total, square, pivot = np.zeros(channels), np.zeros(channels), None
    whole, count, digests, examples = np.ones(channels, bool), 0, [], []
    for split in splits:
        start, each = 0, int(np.prod(split.shape[2:], dtype=np.int64))
        keep = max(1, split.shape[0] * each // _EXAMPLES)
        for piece in split.pieces():
            digests += [digest_of(row) for row in piece]
            flat = np.moveaxis(piece.reshape(len(piece), channels, -1), 1, 0).reshape(channels, -1).astype(np.float64)
            _check_finite(flat, split, start, each, columns)
            _check_size(flat, split)
            low, high = np.minimum(low, flat.min(axis=1)), np.maximum(high, flat.max(axis=1))
            whole &= (flat == np.rint(flat)).all(axis=1)
            pivot = flat[:, :1].copy() if pivot is None else pivot
            centred = flat - pivot  # sums of squares far from 0 lose digits
            total += centred.sum(axis=1)
            square += np.square(centred).sum(axis=1)
            examples.append(flat[:, ::keep])
            count += flat.shape[1]
            start += len(piece)
        if start != split.shape[0]:
            raise DataError(f"{split.title} has {start:,} samples where {split.shape[0]:,} were announced")
    assert pivot is not None
    mean = total / count
    deviation = np.sqrt(np.maximum(square / count - np.square(mean), 0.0))
    deviation[low == high] = 0.0
    _check_spread(low, high, deviation, splits[0].title, columns)
    quantiles = np.quantile(np.concatenate(examples, axis=1), [0.01, 0.99], axis=1)
    return Statistics(low, high, mean + pivot[:, 0], deviation, whole, (quantiles[0], quantiles[1]), tuple(digests))


def _check_spread(low: Array, high: Array, deviation: Array, title: str, columns: tuple[str, ...]) -> None:
    """Raises DataError for a channel whose numbers differ by so little that their squares are 0."""
    lost = np.flatnonzero((deviation == 0) & (low != high))
    if len(lost):
        raise DataError(
            f"{title}, {_where(int(lost[0]), columns)} has numbers from {low[lost[0]]:.3g} to {high[lost[0]]:.3g}: too "
            "close to each other to be scaled; give them in another unit"
        )


def _where(channel: int, columns: tuple[str, ...]) -> str:
    return f"column '{columns[channel]}'" if columns else f"channel {channel}"


def _check_size(flat: Array, split: Numbers) -> None:
    """Raises DataError for numbers whose squares overflow."""
    largest = float(np.abs(flat).max())
    if largest > _LARGEST:
        raise DataError(f"{split.title} has numbers as large as {largest:.3g}; at most {_LARGEST:g} can be scaled")


def digest_of(row: NDArray[np.generic]) -> bytes:
    """Hash of one sample: its shape and its numbers, in whatever order of bytes they are stored."""
    row = row.astype(row.dtype.newbyteorder("<"), copy=False)
    hasher = hashlib.blake2b(f"{row.shape}{row.dtype.str}".encode(), digest_size=16)
    hasher.update(np.ascontiguousarray(row).data)
    return hasher.digest()


def _check_finite(flat: Array, split: Numbers, start: int, each: int, columns: tuple[str, ...]) -> None:
    """Raises DataError with the sample and the channel of the first number that is not finite; flat: [C, n each]."""
    bad = ~np.isfinite(flat)
    if not bad.any():
        return
    channel, place = np.argwhere(bad)[bad.nonzero()[1].argmin()].tolist()
    value = flat[channel, place]
    where = _where(channel, columns)
    what = "is missing (NaN)" if np.isnan(value) else f"is {value}"
    raise DataError(
        f"{split.title}: {split.name_of(start + place // each)}, {where} {what}, {int(bad.sum()):,} such numbers "
        "nearby; every number has to be finite: fill them or leave out these samples"
    )
