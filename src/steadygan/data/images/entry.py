"""Decoded pictures of a source, and the cache entries that hold them.

An entry is a folder: train.u8 and held_out.u8 (raw uint8 [M, C, S, S]), train.npy and held_out.npy (the index of each
picture in the source), and meta.json.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.decode import Plan
from steadygan.data.images.separate import Separation, copies, leaks, pixel_digest
from steadygan.system.cache import META, mark_used, read_json, write_json

FORMAT_VERSION = 1
PARTS = ("train", "held_out")
REASONS = ("unreadable", "unreadable_test")


@dataclass(frozen=True, eq=False)
class Part:
    """Decoded pictures of one split."""

    samples: NDArray[np.uint8]
    """[M, C, S, S]"""
    indices: NDArray[np.int64]
    """[M]: index of each in the source"""


@dataclass(frozen=True)
class Pixels:
    """Pictures with the same pixels, and what became of them."""

    copies: int = 0
    """pictures that are the same as another, beyond the first of each"""
    moved: bool = False
    """True if such pictures, stored differently, changed the split"""
    shared: tuple[tuple[int, int], ...] = ()
    """(index in the test split, index in training) of the same pictures, which are not held out; the first ones"""
    shared_count: int = 0
    all_same: bool = False
    """True if there is one picture only, and so no other to hold out"""

    @classmethod
    def of(cls, train: Sequence[bytes], held_out: Sequence[bytes], separation: Separation | None) -> Pixels:
        """What hashes of the decoded pictures tell, and how they were parted."""
        shared = (separation.shared, separation.shared_count) if separation else ((), 0)
        return cls(copies(train, held_out), separation is not None, *shared, len({*train, *held_out}) == 1)

    @classmethod
    def of_json(cls, plain: dict[str, Any]) -> Pixels:
        """The pixels that ``asdict`` wrote. Raises KeyError, TypeError or ValueError."""
        shared = tuple((int(held_out), int(train)) for held_out, train in plain["shared"])
        same = bool(plain.get("all_same"))
        return cls(int(plain["copies"]), bool(plain["moved"]), shared, int(plain["shared_count"]), same)


@dataclass(frozen=True, eq=False)
class Decoded:
    """A source, decoded and split."""

    train: Part
    held_out: Part
    """indices are of the test split if there is one, else of the training split"""
    unreadable: tuple[tuple[int, str], ...]
    """(index, reason) of pictures with a good header"""
    unreadable_test: tuple[tuple[int, str], ...]
    folder: Path | None = None
    """of the cache entry; None if in memory"""
    pixels: Pixels = field(default_factory=Pixels)

    def fingerprint(self, key: str) -> str:
        """The hash of content, shape and split, by the key of the cache entry: as it was where no picture moved."""
        return hashlib.blake2b(f"{key} by pixels".encode(), digest_size=16).hexdigest() if self.pixels.moved else key


def read_entry(folder: Path, plan: Plan) -> Decoded | None:
    """The entry in a folder as read-only memory maps.

    None if it is missing or damaged, or if an older version held out training pictures in it.
    """
    meta = read_json(folder / META)
    if not isinstance(meta, dict) or meta.get("version") != FORMAT_VERSION:
        return None
    try:
        train, held_out = (_mapped_part(folder, name, meta[name], plan) for name in PARTS)
        reasons = [tuple((int(i), str(why)) for i, why in meta[name]) for name in REASONS]
        pixels = Pixels.of_json(meta["pixels"]) if "pixels" in meta else _compared(folder, meta, train, held_out)
    except Exception:  # whatever numpy raises on a damaged header; the entry is written again
        return None
    if pixels is None:
        return None
    mark_used(folder / META, train.samples)
    return Decoded(train, held_out, reasons[0], reasons[1], folder, pixels)


def _compared(folder: Path, meta: dict[str, Any], *parts: Part) -> Pixels | None:
    """The pixels of an entry of an older version, which are added to it; None if training pictures are held out."""
    train, held_out = ([pixel_digest(picture) for picture in part.samples] for part in parts)
    if leaks(train, held_out):
        return None
    pixels = Pixels.of(train, held_out, None)
    with suppress(OSError):  # only saves time
        write_json(folder / META, meta | {"pixels": asdict(pixels)})
    return pixels


def _mapped_part(folder: Path, name: str, count: int, plan: Plan) -> Part:
    path = folder / f"{name}.u8"
    if path.stat().st_size != count * plan.nbytes:
        raise ValueError(f"{path} has {path.stat().st_size} bytes")
    shape = (count, *plan.shape)
    samples = np.memmap(path, np.uint8, "r", shape=shape) if count else np.empty(shape, np.uint8)
    indices = np.load(folder / f"{name}.npy", allow_pickle=False)
    if indices.shape != (count,):
        raise ValueError(f"{folder} has {len(indices)} indices for {count} pictures")
    return Part(samples, indices)
