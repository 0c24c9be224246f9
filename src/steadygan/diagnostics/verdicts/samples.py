"""Samples that are far from the data, by whatever the log knows of them: what makes a critic's trouble matter."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from steadygan.diagnostics.verdicts.distance import distance_of
from steadygan.diagnostics.verdicts.levels import Column, Levels, Mask, between, strongest

NARROW, WIDE = 0.5, 1.6
"""distance ratios outside of which samples are not as the data; healthy .81 to .91 at the end [measured small-scale]"""
MISSING = 0.6
"""bins without a sample; up to .46 at single looks of healthy runs on narrow modes [measured small-scale]"""
FEW_CLASSES = 0.65
"""of the data's classes; 8 to 10 of 10 healthy [measured small-scale]"""
NOISE, NOISE_FROM = 1.5, 0.3
"""rank ratio of noise, which varies along all directions; .3 to 1.1 healthy, 1.8 of untrained networks [small-scale]"""
FINE, FINE_MISSING, FINE_DIFFERENT = (0.7, 1.3), 0.2, 0.45
"""distance ratios between which, and shares of bins without samples and of other shares up to which, samples are fine;
at .6 of the run, half of the healthy trainings of the suite's seen part and none of those with lost modes"""
WIDENS = 1.15
"""growth of the distance ratio in a quarter of the rounds so far, of samples on their way"""
MORE = 1.03
"""growth of the classes, and fall of the missing bins, in the same time"""
ALIKE = 0.1
"""distance ratio below which samples are next to alike, and growth says little"""


class Samples(NamedTuple):
    """What a log knows of generated samples at each look."""

    known: Mask
    bad: Mask
    """some number of them is outside of what is healthy and is not on its way there"""
    strength: Column
    """0 to 1: how bad"""
    fine: Mask
    """they are as the data, or will be by their trend; without a distance: as wide as it, in its bins in about its
    shares. A critic that looks odd does no harm then"""
    widening: Mask
    """they become more varied, so that the critic's gradient is of use"""
    improving: Mask
    """the same, and they reach more of the data's bins and classes"""
    fields: tuple[str, ...]
    """that say so at the last look"""


FIELDS = ("energy", "distance_ratio", "bins_missing", "classes", "rank_ratio")
"""the first decides where the log has it; others see parts of what it sees"""


def samples_of(levels: Levels) -> Samples:
    """Whether samples are far from the data, at each look."""
    table = _table(levels)
    known, bad, fine, widening, improving, *tests = (table[:, column].astype(bool) for column in range(10))
    saying = tuple(field for field, test in zip(FIELDS, tests, strict=True) if len(test) and test[-1])
    return Samples(known, bad, table[:, 10], fine, widening, improving, saying)


def _table(levels: Levels) -> Column:
    """[looks, 11]: the masks of ``Samples``, the test of each field, and the strength; made once for a log."""
    return levels.history.array("samples", lambda history: _table(Levels(history)), lambda: _measured(levels))


def _measured(levels: Levels) -> Column:
    spread, missing = levels.level("distance_ratio"), levels.level("bins_missing")
    classes, rank = levels.level("classes"), levels.level("rank_ratio")
    distance = distance_of(levels)
    with np.errstate(all="ignore"):
        others = (
            ((spread < NARROW) & ~(levels.outlook("distance_ratio") >= 0.8)) | (spread > WIDE),
            (missing > MISSING) & ~(levels.outlook("bins_missing") <= 0.2),
            (classes < FEW_CLASSES) & ~(levels.outlook("classes") >= 0.8),
            (rank > NOISE) & (levels.age >= NOISE_FROM) & ~(levels.outlook("rank_ratio") <= 1.2),
        )
        strengths = (
            strongest(between(spread, NARROW, 0.05), between(spread, WIDE, 4)),
            between(missing, MISSING, 0.9),
            between(classes, FEW_CLASSES, 0.15),
            between(rank, NOISE, 3),
        )
    known = np.any([~np.isnan(levels.level(field)) for field in FIELDS], axis=0)
    by_others = strongest(*(np.where(test, how, 0.0) for test, how in zip(others, strengths, strict=True)))
    strength = np.where(distance.known, distance.strength, by_others)
    bad = np.where(distance.known, distance.far, np.any(others, axis=0))
    fine = np.where(distance.known, ~distance.far, _fine(levels))
    columns = (known, bad, fine, *_trends(levels), distance.far, *others, strength)
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def _fine(levels: Levels) -> Mask:
    with np.errstate(invalid="ignore"):
        few = (levels.level("bins_missing") <= FINE_MISSING) & (levels.level("bins_different") <= FINE_DIFFERENT)
        distance = levels.level("distance_ratio")
        found: Mask = few & ~(distance < FINE[0]) & ~(distance > FINE[1])
        return found


def _trends(levels: Levels) -> tuple[Mask, Mask]:
    """Where samples widen, and where they also reach more of the data, over the last quarter of the rounds."""
    distance = levels.level("distance_ratio")
    missing, classes = levels.growth("bins_missing"), levels.growth("classes")
    with np.errstate(all="ignore"):
        wider = (levels.growth("distance_ratio") >= WIDENS) & (distance >= ALIKE) & (distance < 1) & ~(missing > 1)
        found: Mask = wider & ~(missing > 1 / MORE) & ~(classes < MORE)
        return wider, found
