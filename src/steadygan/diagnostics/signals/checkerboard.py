"""Checkerboard artifacts: lines in the power spectrum of generated images that real ones do not have.

Layers that double the size of maps leave a pattern of their stride (Odena, Dumoulin & Olah 2016, Deconvolution and
Checkerboard Artifacts), so power at periods of 2, 4 and 8 pixels (Durall et al. 2020, Watch your Up-Convolution, on
spectra of generated images).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from steadygan.diagnostics.signals.host import Samples, host_rows
from steadygan.errors import UsageError
from steadygan.types import Scales

if TYPE_CHECKING:
    from numpy.typing import NDArray

PERIODS = (2, 4, 8)
"""in pixels: of the last layer that doubles the size, and of the two before it"""
_LEAST = 3  # periods a side, so that two frequencies below that of the lines are not the mean
_NEAR = (-2, -1, 1, 2)
_FLOOR = 1e-10  # of an image's power: of images without noise some frequencies are empty


class Checkerboard(NamedTuple):
    """The strongest lines in generated images."""

    power: float
    """at their frequency over that at the frequencies around, against real images; 1 for the data"""
    period: int
    """pixels from one to the next"""
    along: str
    """'rows', 'columns' or 'both'"""


class Line(NamedTuple):
    """A frequency at which strides leave power."""

    period: int
    along: str
    row: int
    column: int


def checkerboard(fake: Samples, real: Samples, *, limit: int = 256) -> Checkerboard:
    """The strongest lines in generated images [N, C, H, W] against real ones [M, C, H, W], or of the finest scale.

    The geometric mean over images of the power at each of ``lines`` over that of the frequencies around it, the largest
    of them all; divided by that of real images where these have such lines themselves, such as blocks of JPEG.

    Raises:
        UsageError: no images of a size that has lines (even sides from 6 pixels), other sizes, fewer than 2, NaN.
    """
    named = ((fake, "generated samples"), (real, "real samples"))
    shape, real_shape = (_shape(each, name) for each, name in named)
    if real_shape[1:] != shape[1:]:
        raise UsageError(f"generated samples are {list(shape)}, real ones {list(real_shape)}; needed: one size")
    fakes, reals = (prominences(host_rows(each, name, limit=limit), _shape(each, name)) for each, name in named)
    return strongest(fakes, reals, shape)


def lines(height: int, width: int) -> tuple[Line, ...]:
    """The frequencies of the periods 2, 4 and 8 along rows, columns and both, where these divide the sides."""
    found = []
    for period in PERIODS:
        row = height // period if height % period == 0 and height >= _LEAST * period else 0
        column = width // period if width % period == 0 and width >= _LEAST * period else 0
        found += [Line(period, "rows", row, 0)] if row else []
        found += [Line(period, "columns", 0, column)] if column else []
        found += [Line(period, "both", row, column)] if row and column else []
    return tuple(found)


def prominences(rows: NDArray[np.floating], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Logarithms of the power at each of ``lines`` over that around it, mean over grey images.

    Args:
        rows: images as rows [N, C * H * W]
        shape: (C, H, W)
    """
    grey = rows.reshape(len(rows), *shape).mean(1)
    power = np.abs(np.fft.fft2(grey - grey.mean((1, 2), keepdims=True))) ** 2
    power = np.log(power + _FLOOR * power.mean((1, 2), keepdims=True) + np.finfo(np.float64).tiny).mean(0)
    height, width = power.shape

    def around(line: Line) -> float:
        near = [power[(line.row + step) % height, line.column] for step in _NEAR if line.row]
        near += [power[line.row, (line.column + step) % width] for step in _NEAR if line.column]
        return float(np.mean(near))

    return np.array([power[line.row, line.column] - around(line) for line in lines(height, width)])


def strongest(fakes: NDArray[np.float64], reals: NDArray[np.float64], shape: tuple[int, ...]) -> Checkerboard:
    """The strongest line of prominences, which count where real images have none themselves."""
    excess = fakes - np.maximum(reals, 0.0)
    first = int(np.argmax(excess))
    line = lines(*shape[-2:])[first]
    return Checkerboard(float(np.exp(excess[first])), line.period, line.along)


def _shape(samples: Samples, name: str) -> tuple[int, ...]:
    """(C, H, W) of images that have lines."""
    stored = samples.finest if isinstance(samples, Scales) else samples
    shape = tuple(getattr(stored, "shape", None) or np.asarray(stored).shape)
    if len(shape) != 4 or not lines(*shape[-2:]):
        raise UsageError(
            f"{name} are {list(shape)}; lines are sought in images [N, C, H, W] with even sides from 6 pixels"
        )
    return shape[1:]
