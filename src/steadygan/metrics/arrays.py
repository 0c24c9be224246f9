"""Arrays of vectors and of images: checks, and blocks that keep memory bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steadygan.errors import UsageError
from steadygan.system import progress

Rows = NDArray[np.float64]
"""[N, D]"""
AnyRows = NDArray[Any]
"""[N, D] of any real dtype; may be memory-mapped"""
Images = NDArray[np.uint8]
"""[N, C, H, W]"""

_BLOCK_BYTES = 32 << 20
_BLOCK_ROWS = 2048


def stored_rows(x: ArrayLike, name: str, at_least: int) -> AnyRows:
    """Vectors [N, D] as they are stored, neither copied nor converted; checked to be numbers, finite and enough.

    Raises:
        UsageError: not [N, D] of real numbers, fewer than ``at_least`` rows, NaN or infinite values.
    """
    rows = _as_array(x, name)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise UsageError(f"{name} must be vectors [N, D]; got shape {list(rows.shape)}")
    if rows.dtype.kind not in "fiub":
        raise UsageError(f"{name} must be real numbers; got dtype {rows.dtype}")
    if len(rows) < at_least:
        raise UsageError(f"{name}: got {len(rows)} rows where this metric needs at least {at_least}")
    if rows.dtype.kind == "f":
        for part in row_slices(rows):
            finite = np.isfinite(rows[part]).all(axis=1)
            if not finite.all():
                first = part.start + int(np.argmin(finite))
                raise UsageError(
                    f"{name} has NaN or infinite values, first in row {first}; metrics need finite numbers"
                )
    return rows


def feature_rows(x: ArrayLike, name: str, at_least: int) -> Rows:
    """Vectors as contiguous float64 [N, D], copied where they are stored otherwise.

    Raises:
        UsageError: not [N, D] of real numbers, fewer than ``at_least`` rows, NaN or infinite values.
    """
    return np.ascontiguousarray(stored_rows(x, name, at_least), dtype=np.float64)


def image_rows(images: ArrayLike, name: str) -> Images:
    """Images uint8 [N, C, H, W] with 1 to 4 channels, as they are stored.

    Raises:
        UsageError: another dtype, shape or number of channels, or no image.
    """
    array = _as_array(images, name)
    if array.ndim != 4 or 0 in array.shape:
        raise UsageError(f"{name} must be images [N, C, H, W], at least one; got shape {list(array.shape)}")
    if array.dtype != np.uint8:
        raise UsageError(f"{name} must be uint8, as a user sees them; got {array.dtype}")
    if array.shape[1] > 4:
        raise UsageError(f"{name} must have 1 to 4 channels in axis 1 of [N, C, H, W]; got shape {list(array.shape)}")
    return array


def same_width(a: AnyRows, b: AnyRows) -> int:
    """The number of columns that two sets of rows share.

    Raises:
        UsageError: they differ.
    """
    if a.shape[-1] != b.shape[-1]:
        raise UsageError(
            f"vectors differ in width: {a.shape[-1]} and {b.shape[-1]} numbers a row; take both from the same features"
        )
    return int(a.shape[-1])


def row_slices(rows: AnyRows) -> Iterator[slice]:
    """Slices that cover the rows in order; a slice's rows in float64 take at most 32 MiB."""
    size = max(1, min(_BLOCK_ROWS, _BLOCK_BYTES // (8 * rows.shape[1])))
    for start in range(0, len(rows), size):
        yield slice(start, min(start + size, len(rows)))


def blocks(images: Images, size: int) -> Iterator[Images]:
    """Images in blocks of at most ``size``, in order."""
    starts = range(0, len(images), size)
    for start in progress.steps("measuring pictures", starts, len(images), weight=lambda _: size):
        yield images[start : start + size]


def _as_array(x: ArrayLike, name: str) -> NDArray[Any]:
    try:
        return np.asarray(x)
    except (ValueError, TypeError, RuntimeError) as error:  # ragged lists; tensors on a GPU or with a gradient
        raise UsageError(f"{name} cannot be read as an array: {str(error).splitlines()[0]}") from error
