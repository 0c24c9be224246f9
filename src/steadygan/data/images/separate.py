"""Held-out pictures that training has too, pixel for pixel: found in the decoded pictures, and put on one side.

Hashes of the stored bytes decide which pictures are held out before any is decoded. Other files may decode to the same
pixels (another format, another compression, the same drawing enlarged), which is known only afterwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from steadygan.data.split import choose_held_out

_NAMED = 50


class Row(NamedTuple):
    """Where a decoded picture is now."""

    held_out: bool
    row: int


class Separation(NamedTuple):
    """The two parts as they should be."""

    train: list[Row]
    """in the order of the source"""
    held_out: list[Row]
    shared: tuple[tuple[int, int], ...] = ()
    """(index in the test split, index of the same picture in training), of those left out; the first ones"""
    shared_count: int = 0

    @property
    def sides(self) -> tuple[list[Row], list[Row]]:
        """Training and held-out pictures."""
        return self.train, self.held_out


def pixel_digest(picture: NDArray[np.uint8]) -> bytes:
    """Hash (16 bytes) of a decoded picture."""
    return hashlib.blake2b(np.ascontiguousarray(picture).data, digest_size=16).digest()


def copies(train: Sequence[bytes], held_out: Sequence[bytes]) -> int:
    """Decoded pictures that are the same as another, beyond the first of each."""
    return len(train) + len(held_out) - len({*train, *held_out})


def leaks(train: Sequence[bytes], held_out: Sequence[bytes]) -> bool:
    """True if a held-out picture is a training picture."""
    return not set(held_out).isdisjoint(train)


def separated(
    stored: Sequence[bytes],
    share: float,
    skip: Collection[int],
    train: Mapping[int, bytes],
    held_out: Mapping[int, bytes],
) -> Separation:
    """The split of one source by pixels: those that are equal are on one side, chosen as ``choose_held_out`` does.

    Args:
        stored: hashes of all pictures as stored
        share: to hold out
        skip: pictures that could not be decoded
        train: index in the source -> hash of the pixels, in order
        held_out: the same of the pictures that are held out now
    """
    pixels = {**train, **held_out}
    mask = choose_held_out(
        stored, share, skip, samples=[pixels.get(index, stored[index]) for index in range(len(stored))]
    )
    now = {index: Row(False, row) for row, index in enumerate(train)}
    now |= {index: Row(True, row) for row, index in enumerate(held_out)}
    order = sorted(now)
    return Separation([now[i] for i in order if not mask[i]], [now[i] for i in order if mask[i]])


def without_shared(train: Mapping[int, bytes], test: Mapping[int, bytes]) -> Separation:
    """The split of a source with a test split of its own: test pictures that training has are left out of it."""
    first: dict[bytes, int] = {}
    for index, digest in train.items():
        first.setdefault(digest, index)
    shared = [(index, first[digest]) for index, digest in test.items() if digest in first]
    kept = [Row(True, row) for row, digest in enumerate(test.values()) if digest not in first]
    return Separation([Row(False, row) for row in range(len(train))], kept, tuple(shared[:_NAMED]), len(shared))
