"""Divergence: a number that is not finite, or losses or samples that grow without end."""

from __future__ import annotations

import numpy as np

from steadygan.diagnostics.findings import Evidence, Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.evidence import said, short
from steadygan.diagnostics.verdicts.levels import Column, Levels, Mask, between, strongest

LOSSES = ("critic_loss", "generator_loss", "gap", "wasserstein")
HUGE, ENDLESS = 1e6, 1e9
"""|loss|: healthy ones stay below some hundreds; clipping at 1 in eight layers reached 4e11 [measured small-scale]"""
GROWTH = 1.5
"""a quarter of the rounds; losses that jump go back [lesson 2]"""
SPREAD, SCATTERED = 1e5, 1e7
"""distance ratio of samples that leave the data; 1.7 to 13 in a chase, 2e5 after a critic that was far too weak, which
is the cause then [measured small-scale]"""
STEEP = 1e4
"""slopes of the critic of which exploding_gradient speaks"""
SOURCE = "a loss that is not finite or doubles again and again (AutoTrainer 2021: loss above 1e3)"


def diverged(history: History) -> Finding | None:
    """Numbers that are not finite, or |loss| above 1e6 and growing, or samples 1e5 times as wide as the data."""
    levels = Levels(history)
    named = np.array([isinstance(row.get("non_finite"), str) for row in history.rows], dtype=bool)
    infinite = np.zeros(levels.looks, dtype=bool)
    growing, size = np.zeros(levels.looks, dtype=bool), np.zeros(levels.looks)
    for field in LOSSES:
        infinite |= np.isinf(history.column(field))
        grows, sizes = _growing(levels, field)
        growing |= grows
        size = np.fmax(size, sizes)
    spread = levels.level("distance_ratio")
    with np.errstate(invalid="ignore"):
        scattered = spread > SPREAD
        growing &= ~(levels.level("slope_between") > STEEP)  # which says why
    not_finite: Mask = np.maximum.accumulate(named | infinite) if levels.looks else named
    strength = strongest(not_finite.astype(float), between(size, HUGE, ENDLESS), between(spread, SPREAD, SCATTERED))
    holds = not_finite | growing | scattered
    return levels.finding("diverged", holds, strength, _evidence(levels, not_finite, growing, scattered), SOURCE)


def _growing(levels: Levels, field: str) -> tuple[Mask, Column]:
    """Where the size of a loss is huge and larger than a quarter of the rounds before; its size there."""
    with np.errstate(all="ignore"):
        now, before = np.abs(levels.level(field)), np.abs(levels.earlier(field))
        grows = (now > HUGE) & ((now > GROWTH * before) | (now > ENDLESS))
        return grows, np.where(grows, now, 0.0)


def _evidence(levels: Levels, not_finite: Mask, growing: Mask, scattered: Mask) -> list[Evidence]:
    if not levels.looks:
        return []
    found: list[Evidence] = []
    if not_finite[-1]:
        for row in levels.history.rows:
            name = row.get("non_finite")
            if isinstance(name, str):
                text = (
                    f"the first value that is not finite (NaN, infinite) was in {name}, at round {int(row['round']):,}"
                )
                found.append(Evidence("non_finite", name, text))
                break
        for field in LOSSES:
            infinite = levels.rounds[np.isinf(levels.history.column(field))]
            if len(infinite):
                words = f"{field.replace('_', ' ')} is infinite from round {int(infinite[0]):,}"
                found.append(Evidence(field, float("inf"), words))
    elif growing[-1]:
        for field in LOSSES:
            if _growing(levels, field)[0][-1]:
                now, before = levels.level(field)[-1], levels.earlier(field)[-1]
                words = f"{field.replace('_', ' ')} is {short(now)} and was {short(before)} a quarter of the run before"
                found.append(Evidence(field, float(now), words))
    if scattered[-1]:
        found += said(levels, "distance_ratio")
    return found[:3]
