"""Points of the plane: how each set is drawn, and the centres that count as its modes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from steadygan.data.sources.points import EIGHT, TWENTY_FIVE, eight_gaussians, swiss_roll

Points = NDArray[np.float32]
Centres = NDArray[np.float64]


class PointSet(NamedTuple):
    """A distribution in the plane."""

    draw: Callable[[np.random.Generator, int], Points]
    """(generator, n) -> points [n, 2]"""
    centres: Centres
    """[K, 2], the modes of a mixture or the middles of equally likely pieces of a curve"""


def _mixture(centres: Centres, deviation: float, weights: list[float] | None = None) -> PointSet:
    def draw(rng: np.random.Generator, count: int) -> Points:
        which = rng.choice(len(centres), count, p=weights)
        return (centres[which] + deviation * rng.standard_normal((count, 2))).astype(np.float32)

    return PointSet(draw, centres)


def _curve(at: Callable[[NDArray[np.float64]], Centres], deviation: float, pieces: int = 12) -> PointSet:
    """Points at a uniform parameter in [0, 1) of a curve, with noise."""

    def draw(rng: np.random.Generator, count: int) -> Points:
        return (at(rng.random(count)) + deviation * rng.standard_normal((count, 2))).astype(np.float32)

    return PointSet(draw, at((np.arange(pieces) + 0.5) / pieces))


def _circle(t: NDArray[np.float64]) -> Centres:
    return np.stack([np.cos(2 * math.pi * t), np.sin(2 * math.pi * t)], axis=1)


def _moons(t: NDArray[np.float64]) -> Centres:
    """scikit-learn's two half circles, centred, 0.9 times as large."""
    upper, angle = t < 0.5, math.pi * ((2 * t) % 1)
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    return 0.9 * (np.stack([x, y], axis=1) - [0.5, 0.25])


def _two_circles(t: NDArray[np.float64]) -> Centres:
    return np.where(t < 0.5, 1.2, 0.5)[:, None] * _circle((2 * t) % 1)


def _spiral(t: NDArray[np.float64]) -> Centres:
    return 1.4 * np.sqrt(t)[:, None] * _circle(1.25 * np.sqrt(t))


def _cross(t: NDArray[np.float64]) -> Centres:
    along = 2.6 * ((2 * t) % 1) - 1.3
    return np.where((t < 0.5)[:, None], np.stack([along, 0 * along], 1), np.stack([0 * along, along], 1))


def _swiss_roll(t: NDArray[np.float64]) -> Centres:
    angle = 1.5 * math.pi * (1 + 2 * t)
    return np.stack([angle * np.cos(angle), angle * np.sin(angle)], axis=1) / 7.5


_HEX = np.array([(math.cos(a), math.sin(a)) for a in np.arange(6) * math.pi / 3] + [(0.0, 0.0)])
_SQUARES = np.array([(x, y) for x in range(4) for y in range(4) if (x + y) % 2 == 0], dtype=np.float64) - 1.5


def _checkerboard(rng: np.random.Generator, count: int) -> Points:
    return (0.7 * (_SQUARES[rng.integers(0, 8, count)] + rng.random((count, 2)) - 0.5)).astype(np.float32)


SETS: dict[str, PointSet] = {
    "8gaussians": PointSet(eight_gaussians, EIGHT.centres),
    "25gaussians": _mixture(TWENTY_FIVE.centres, TWENTY_FIVE.deviation),
    "swissroll": PointSet(swiss_roll, _swiss_roll((np.arange(12) + 0.5) / 12)),
    "circle": _curve(_circle, 0.05),
    "moons": _curve(_moons, 0.05),
    "two-circles": _curve(_two_circles, 0.04),
    "spiral": _curve(_spiral, 0.04),
    "cross": _curve(_cross, 0.05),
    "hexagon": _mixture(1.2 * _HEX, 0.08),
    "line": _mixture(np.array([(0.7 * i, 0.3 * i) for i in range(-2, 3)]), 0.06),
    "unequal": _mixture(1.1 * _circle(np.arange(6) / 6), 0.08, [0.3, 0.2, 0.15, 0.15, 0.1, 0.1]),
    "checkerboard": PointSet(_checkerboard, 0.7 * _SQUARES),
}
