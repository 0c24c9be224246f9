"""Samples that are far from the data, by whatever the log knows of them: what makes a critic's trouble matter."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from steadygan.diagnostics.verdicts.levels import Column, Levels, Mask, between, strongest

NARROW, WIDE = 0.5, 1.6
"""distance ratios outside of which samples are not as the data; healthy .81 to .91 at the end [measured small-scale]"""
MISSING = 0.6
"""bins without a sample; up to .46 at single looks of healthy runs on narrow modes [measured small-scale]"""
FEW_CLASSES = 0.65
"""of the data's classes; 8 to 10 of 10 healthy [measured small-scale]"""
NOISE, NOISE_FROM = 1.5, 0.3
"""rank ratio of noise, which varies along all directions; .3 to 1.1 healthy, 1.8 of untrained networks [small-scale]"""
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
    widening: Mask
    """they become more varied, so that the critic's gradient is of use"""
    improving: Mask
    """the same, and they reach more of the data's bins and classes"""
    fields: tuple[str, ...]
    """that say so at the last look"""


def samples_of(levels: Levels) -> Samples:
    """Whether samples are far from the data, at each look."""
    distance, missing = levels.level("distance_ratio"), levels.level("bins_missing")
    classes = levels.level("classes")
    rank = levels.level("rank_ratio")
    with np.errstate(all="ignore"):
        tests: dict[str, tuple[Mask, Column]] = {
            "distance_ratio": (
                ((distance < NARROW) & ~(levels.outlook("distance_ratio") >= 0.8)) | (distance > WIDE),
                strongest(between(distance, NARROW, 0.05), between(distance, WIDE, 4)),
            ),
            "bins_missing": (
                (missing > MISSING) & ~(levels.outlook("bins_missing") <= 0.2),
                between(missing, MISSING, 0.9),
            ),
            "classes": (
                (classes < FEW_CLASSES) & ~(levels.outlook("classes") >= 0.8),
                between(classes, FEW_CLASSES, 0.15),
            ),
            "rank_ratio": (
                (rank > NOISE) & (levels.age >= NOISE_FROM) & ~(levels.outlook("rank_ratio") <= 1.2),
                between(rank, NOISE, 3),
            ),
        }
    known = np.any([~np.isnan(levels.level(field)) for field in tests], axis=0)
    bad = np.any([test for test, _ in tests.values()], axis=0)
    strength = strongest(*(np.where(test, how, 0.0) for test, how in tests.values()))
    saying = tuple(field for field, (test, _) in tests.items() if len(test) and test[-1])
    return Samples(known, bad, strength, *_trends(levels), saying)


def _trends(levels: Levels) -> tuple[Mask, Mask]:
    """Where samples widen, and where they also reach more of the data, over the last quarter of the rounds."""
    distance = levels.level("distance_ratio")
    missing, classes = levels.growth("bins_missing"), levels.growth("classes")
    with np.errstate(all="ignore"):
        wider = (levels.growth("distance_ratio") >= WIDENS) & (distance >= ALIKE) & (distance < 1) & ~(missing > 1)
        found: Mask = wider & ~(missing > 1 / MORE) & ~(classes < MORE)
        return wider, found
