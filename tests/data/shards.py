"""Parquet shards whose pictures carry their numbers in their pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from tests.data.making import encoded

SIZE = 8


def numbered(number: int) -> NDArray[np.uint8]:
    """A grey picture [1, 8, 8] of a number below 2^16, with noise of its own in the other pixels."""
    pixels = np.random.default_rng(number).integers(0, 256, (1, SIZE, SIZE), dtype=np.uint8)
    pixels[0, 0, :2] = divmod(number, 256)
    return pixels


def number_of(pixels: NDArray[np.uint8]) -> int:
    """The number of a picture."""
    return int(pixels[0, 0, 0]) * 256 + int(pixels[0, 0, 1])


def write_shards(
    folder: Path,
    counts: list[int],
    *,
    group: int = 10,
    broken: dict[int, bytes | None] | None = None,
    classes: int | None = None,
    split: str = "train",
    start: int = 0,
) -> Path:
    """A folder of ``len(counts)`` files with consecutively numbered pictures, ``group`` in a row group.

    Their labels, where they have some, are the numbers modulo ``classes``; ``broken`` replaces some pictures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for shard, count in enumerate(counts):
        numbers = range(start, start + count)
        raw = [(broken or {}).get(n, encoded(Image.fromarray(numbered(n)[0]))) for n in numbers]
        kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        pictures = pa.array([None if one is None else {"bytes": one, "path": None} for one in raw], kind)
        columns = {"image": pictures, "index": pa.array(numbers)}
        if classes:
            columns["label"] = pa.array([n % classes for n in numbers])
        name = f"{split}-{shard:05d}-of-{len(counts):05d}.parquet"
        pq.write_table(pa.table(columns), folder / name, row_group_size=group)
        start += count
    return folder
