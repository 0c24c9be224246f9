"""2-D toy data of WGAN-GP (Gulrajani et al. 2017, section 3), with the geometry of the official code."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steadygan.data.dataset import Endless, Stored
from steadygan.rng import fixed_generator

Points = NDArray[np.float32]

HELD_OUT_POINTS = 2_000
_EIGHT_SCALE, _EIGHT_NOISE = 1 / 1.414, 0.02
_GRID_SCALE, _GRID_NOISE = 1 / 2.828, 0.05
_GRID_POINTS_PER_MODE = 4_000
_ROLL_SCALE, _ROLL_NOISE = 1 / 7.5, 0.25


@dataclass(frozen=True, eq=False)
class Modes:
    """A mixture of equal isotropic Gaussians."""

    centres: NDArray[np.float64]
    """[modes, 2]"""
    deviation: float


EIGHT = Modes(
    centres=np.array([(math.cos(a), math.sin(a)) for a in np.arange(8) * math.pi / 4]) * 2 * _EIGHT_SCALE,
    deviation=_EIGHT_NOISE * _EIGHT_SCALE,
)
TWENTY_FIVE = Modes(
    centres=np.array(list(itertools.product(range(-2, 3), repeat=2)), dtype=np.float64) * 2 * _GRID_SCALE,
    deviation=_GRID_NOISE * _GRID_SCALE,
)
MODES = {"8gaussians": EIGHT, "25gaussians": TWENTY_FIVE}
"""mixtures by the name of their data set"""


def eight_gaussians(rng: np.random.Generator, count: int) -> Points:
    """``count`` points [count, 2] of eight Gaussians on a ring of radius 1.4144, deviation 0.01414."""
    centres = EIGHT.centres[rng.integers(0, 8, count)]
    return (centres + EIGHT.deviation * rng.standard_normal((count, 2))).astype(np.float32)


def twenty_five_gaussians(rng: np.random.Generator, per_mode: int) -> Points:
    """25 x ``per_mode`` shuffled points of a 5 x 5 grid of Gaussians, spacing 0.7072, deviation 0.01768."""
    centres = np.repeat(TWENTY_FIVE.centres, per_mode, axis=0)
    points = (centres + TWENTY_FIVE.deviation * rng.standard_normal(centres.shape)).astype(np.float32)
    return points[rng.permutation(len(points))]


def swiss_roll(rng: np.random.Generator, count: int) -> Points:
    """``count`` points [count, 2] of scikit-learn's swiss roll without its depth, noise 0.25, divided by 7.5."""
    angle = 1.5 * math.pi * (1 + 2 * rng.random(count))
    roll = np.stack([angle * np.cos(angle), angle * np.sin(angle)], axis=1)
    return ((roll + _ROLL_NOISE * rng.standard_normal(roll.shape)) * _ROLL_SCALE).astype(np.float32)


def open_points(name: str) -> tuple[Stored | Endless, Stored]:
    """Training points and a fixed held-out draw of one of the three sets."""
    if name == "25gaussians":
        train = twenty_five_gaussians(fixed_generator(0), _GRID_POINTS_PER_MODE)
        held_out = twenty_five_gaussians(fixed_generator(1), HELD_OUT_POINTS // 25)
        return Stored(train), Stored(held_out)
    draw = _DRAWS[name]
    return Endless(lambda rng, count: (draw(rng, count), None)), Stored(draw(fixed_generator(1), HELD_OUT_POINTS))


_DRAWS: dict[str, Callable[[np.random.Generator, int], Points]] = {
    "8gaussians": eight_gaussians,
    "swissroll": swiss_roll,
}
