"""Filters of ADA's resampling and bands: the orthogonal wavelets sym6 and sym2 (Karras et al. 2020, ADA, App. B)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from steadygan.device_constants import constant

if TYPE_CHECKING:
    from torch import Tensor

SYM6 = (
    0.015404109327027373,
    0.0034907120842174702,
    -0.11799011114819057,
    -0.048311742585633,
    0.4910559419267466,
    0.787641141030194,
    0.3379294217276218,
    -0.07263752278646252,
    -0.021060292512300564,
    0.04472490177066578,
    0.0017677118642428036,
    -0.007800708325034148,
)
SYM2 = (-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025)
"""low-pass taps, the sum of squares 1 and of taps sqrt(2)"""
BANDS = 4
Rows: TypeAlias = tuple[tuple[float, ...], ...]
_HALF = len(SYM6) // 2
_BLOCK = 16  # pixels of the smaller image


def _rows(matrix: list[list[float]]) -> Rows:
    return tuple(tuple(row) for row in matrix)


def _doubling() -> Rows:
    """[pixels of a block, doubled pixels]: sym6 with sum 2, zeros between the pixels."""
    matrix = [[0.0] * (2 * _BLOCK) for _ in range(_BLOCK + _HALF)]
    for row in range(len(matrix)):
        for column in range(2 * _BLOCK):
            tap = 2 * (column // 2 - row) + column % 2 + 2 * _HALF - 1
            if 0 <= tap < 2 * _HALF:
                matrix[row][column] = SYM6[tap] * 2.0**0.5
    return _rows(matrix)


def _halving() -> Rows:
    """[doubled pixels of a block, pixels]: sym6 with sum 1, at every second pixel."""
    matrix = [[0.0] * _BLOCK for _ in range(2 * _BLOCK + 2 * _HALF - 2)]
    for column in range(_BLOCK):
        for tap, value in enumerate(SYM6):
            matrix[2 * column + tap][column] = value / 2.0**0.5
    return _rows(matrix)


_DOUBLING, _HALVING = _doubling(), _halving()


def doubled(images: Tensor) -> Tensor:
    """[N, C, H, W] to [N, C, 2H, 2W], zero-padded: pixel m lies at 2m, by the filter's centre."""
    for axis in (2, 3):
        images = _by_blocks(images, axis, _DOUBLING, _BLOCK, _HALF // 2, 2 * images.shape[axis])
    return images


def halved(images: Tensor) -> Tensor:
    """The adjoint of ``doubled``: [N, C, 2H + 12, 2W + 12], of which 6 pixels on each side are beyond, to [N, C, H, W].

    ``halved(doubled(x))`` is x where nothing was padded, as the wavelet is orthogonal.
    """
    images = images[:, :, 1:-1, 1:-1]
    for axis in (2, 3):
        images = _by_blocks(images, axis, _HALVING, 2 * _BLOCK, 0, images.shape[axis] // 2 - _HALF + 1)
    return images


def _by_blocks(images: Tensor, axis: int, matrix: Rows, step: int, before: int, length: int) -> Tensor:
    """A filter along an axis of images as products of overlapping blocks of pixels with a banded matrix.

    In a seventh of the time of convolutions of single maps, for value and gradient (32 pictures of 64 px, one thread).

    Args:
        images: [N, C, H, W]
        axis: 2 or 3
        matrix: [pixels of a block, results of a block]
        step: pixels from one block to the next
        before: zeros before the first pixel
        length: results, of which those beyond are left out
    """
    from torch.nn.functional import pad

    blocks = -(-length // len(matrix[0]))
    after = max(0, (blocks - 1) * step + len(matrix) - before - images.shape[axis])
    rows = pad(images, (before, after) if axis == 3 else (0, 0, before, after))
    rows = rows.unfold(axis, len(matrix), step).narrow(axis, 0, blocks)
    band = constant(matrix, images)
    made = (rows.reshape(-1, len(matrix)) @ band).reshape(
        *rows.shape[:-1], -1
    )  # one product: [..., blocks, (W,) results]
    made = made.flatten(3) if axis == 3 else made.transpose(3, 4).flatten(2, 3)
    return made.narrow(axis, 0, length)


def _band_filters() -> Rows:
    """Symmetric filters [4, taps] of four octave bands, the lowest first; their sum is a single 1 in the middle."""
    low = np.asarray(SYM2)
    high = low * (-1.0) ** np.arange(len(low))
    low2, high2 = (np.convolve(taps, taps[::-1]) / 2.0 for taps in (low, high))
    bank = np.eye(BANDS, 1)
    for band in range(1, BANDS):
        spread = np.zeros((BANDS, 2 * bank.shape[1] - 1))
        spread[:, ::2] = bank
        bank = np.stack([np.convolve(row, low2) for row in spread])
        middle = (bank.shape[1] - len(high2)) // 2
        bank[band, middle : middle + len(high2)] += high2
    return _rows(bank.tolist())


BAND_FILTERS = _band_filters()
"""symmetric filters [4, taps] of four octave bands, the lowest first; their sum is a single 1 in the middle"""
