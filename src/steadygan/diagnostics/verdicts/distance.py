"""Distance of samples from the data by the energy coefficient: where it is, and where its trend ends."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from steadygan.diagnostics.verdicts.levels import Column, Levels, Mask, between

FIELD = "energy"
NEAR = 0.015
"""energy coefficient of samples that are as the data; up to .02 in trainings that become good [measured small-scale]"""
ERROR, USUAL_COUNT = 0.6, 256
"""its standard error times the number of samples [measured small-scale]; that number where a log does not say it"""
PART = 0.75
"""of the trend that is taken to go on; a choice: .5 to 1 tell healthy from failing trainings about as well"""
STEEPEST = 2.0
"""power of time; chance makes steeper ones of few looks"""
AGES = (0.15, 0.25, 0.4, 0.5, 0.6, 1.0)
LIMITS = (0.28, 0.16, 0.13, 0.05, 0.03, 0.03)
"""what samples must be expected to end at, at least, to count as far, by the share of the run that is done"""
EVIDENT = 8.0
"""times the limit from which there is no doubt"""
FALLS = -0.6
"""power of time of a distance that goes down"""
LOOKS = 4


class Distance(NamedTuple):
    """The distance at each look."""

    known: Mask
    near: Mask
    """samples are as the data"""
    far: Mask
    """they are not, and will not be at the end if the trend of the second half of the rounds so far goes on"""
    falling: Mask
    """the trend goes down"""
    expected: Column
    """energy coefficient at the end, by that trend"""
    strength: Column
    """0 to 1: how far"""


def distance_of(levels: Levels) -> Distance:
    """The energy coefficient at each look against what a healthy training has by then."""
    table = _table(levels)
    known, near, far, falling = (table[:, column].astype(bool) for column in range(4))
    return Distance(known, near, far, falling, table[:, 4], table[:, 5])


def _table(levels: Levels) -> Column:
    """[looks, 6]: the fields of ``Distance``; made once for a log."""
    return levels.history.array("distance", lambda history: _table(Levels(history)), lambda: _measured(levels))


def _measured(levels: Levels) -> Column:
    level, power = levels.level(FIELD), _power(levels)
    limit = np.exp(np.interp(levels.age, AGES, np.log(LIMITS)))
    with np.errstate(all="ignore"):
        error = ERROR / _count(levels)
        near = level + error <= NEAR + ERROR / USUAL_COUNT
        expected = np.maximum(level, error) * levels.age ** (-PART * power)
        far = (expected >= limit) & ~near & (levels.age >= AGES[0])
        strength = np.where(far, between(expected / limit, 1, EVIDENT), 0)
    return np.stack([~np.isnan(level), near, far, power <= FALLS, expected, strength], axis=1).astype(np.float64)


def _count(levels: Levels) -> Column:
    """Samples of each side that were compared."""
    stated, of_training = levels.latest("compared"), np.fmin(levels.latest("training_samples"), USUAL_COUNT)
    return np.where(np.isnan(stated), of_training, stated)


def _power(levels: Levels) -> Column:
    """The power of time that fits the second half of the rounds so far; 0 where there are too few looks."""
    values = levels.history.column(FIELD)
    known = np.flatnonzero(~np.isnan(values) & (levels.rounds > 0))
    x, y = np.log(levels.rounds[known]), np.log(np.maximum(values, ERROR / _count(levels))[known])
    sums = np.cumsum([np.ones_like(x), x, y, x * x, x * y], axis=1)
    sums = np.concatenate([np.zeros((5, 1)), sums], axis=1)
    ends = np.searchsorted(known, np.arange(levels.looks), side="right")
    starts = np.searchsorted(levels.rounds[known], levels.rounds / 2)
    n, sx, sy, sxx, sxy = sums[:, ends] - sums[:, np.minimum(starts, ends)]
    with np.errstate(all="ignore"):
        power = (n * sxy - sx * sy) / (n * sxx - sx * sx)
        return np.where((n >= LOOKS) & np.isfinite(power), power.clip(-STEEPEST, STEEPEST / 2), 0.0)
