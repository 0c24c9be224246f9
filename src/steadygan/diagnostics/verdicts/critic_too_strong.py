"""A critic that tells all samples apart and leaves the generator without a gradient."""

from __future__ import annotations

import math

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import MOST_SURE, Levels, between, strongest
from steadygan.diagnostics.verdicts.samples import samples_of

PERFECT = 0.99
"""accuracy; .65 to .98 healthy; 1 is normal in the first quarter of WGAN-GP [measured small-scale]"""
SURE = 0.94
"""accuracy of a critic that is too strong where samples are bad for long"""
FLAT = 0.02
"""derivative of the generator's loss by the score: sigmoid(score) of the saturating loss, 1 of most others"""
STARVED = 1e-3
"""norm of the generator's gradient; .3 to 5 healthy, 4e-11 to .05 failing [measured small-scale]"""
FALLEN = 0.02
"""the same over its highest so far"""
SATURATED = 0.9
"""share of scores"""
FROM, FROM_WITHOUT_CAUSE = 0.1, 0.35
ALIKE, SATURATED_MOST = 0.15, 0.8
"""distance ratio of collapsed samples, which are easily told apart; most confidence where scores are at the ends"""
DOUBTFUL = 0.44
"""most confidence where the gradient has not vanished: the critic may be perfect because samples are bad"""
SOURCE = "a perfect critic gives no gradient (Arjovsky & Bottou 2017) [lesson 1: not capacity]"


def critic_too_strong(history: History) -> Finding | None:
    """Accuracy near 1 with a generator's gradient that has vanished, or with saturated scores and samples far off."""
    levels = Levels(history)
    samples, age = samples_of(levels), levels.age
    accuracy, derivative = levels.level("accuracy"), levels.level("derivative")
    gradient, saturated = levels.level("generator_gradient"), levels.level("saturated")
    with np.errstate(all="ignore"):
        fallen = gradient / levels.most("generator_gradient")
        perfect = accuracy >= PERFECT
        # a generator without any gradient under a critic that would give one is dead: another verdict
        flat = derivative < FLAT
        starved = ((gradient < STARVED) | (fallen < FALLEN)) & ~(
            (derivative >= 0.1) & (levels.level("slope_fake") > 0.1)
        )
        for_long = (levels.earlier("accuracy") >= SURE) & np.isnan(levels.level("wasserstein"))
        full = (saturated >= SATURATED) & samples.bad & ~(levels.level("distance_ratio") < ALIKE)
        unmoved = (full | (for_long & samples.bad)) & (age >= FROM_WITHOUT_CAUSE)
        holds = ((perfect & (flat | starved | full)) | (for_long & (accuracy >= SURE) & samples.bad)) & (age >= FROM)
        holds &= flat | starved | (age >= FROM_WITHOUT_CAUSE)
    strength = strongest(
        np.where(flat, between(derivative, FLAT, 1e-4), 0),
        np.where(starved, strongest(between(gradient, STARVED, 1e-7), between(fallen, FALLEN, 1e-4)), 0),
        np.where(unmoved, 0.8 * samples.strength, 0),
    )
    fields = ("accuracy", "generator_gradient", "derivative", "saturated")
    if not levels.has("accuracy"):
        return _by_losses(levels)
    missing = int(math.isnan(gradient[-1])) + int(not samples.known[-1])
    most = MOST_SURE if (flat | starved)[-1] else SATURATED_MOST if full[-1] else DOUBTFUL
    evidence = said(levels, *fields, most=3)
    found = levels.finding("critic_too_strong", holds, strength, evidence, SOURCE, missing=missing, most=most)
    if any(map(levels.has, fields[1:])):
        return found
    by_losses = _by_losses(levels)
    return by_losses if found is None else found


LOSS_NONE, LOSS_HIGH = 0.05, 4.0
"""a critic's loss that stays below, with a generator's that stays above: -log sigmoid(score) of 4 is a score of -4"""


def _by_losses(levels: Levels) -> Finding | None:
    """By losses alone, which differ between methods: a critic's near 0 and a generator's that is high and rising.

    An accuracy, where it is known, bears it out or not. A critic's loss that was below 0 is a Wasserstein one, near 0
    where samples are as the data; its generator's has any constant.
    """
    critic, generator = levels.level("critic_loss"), levels.level("generator_loss")
    with np.errstate(invalid="ignore"):
        without_zero = np.logical_or.accumulate((critic < 0) | ~np.isnan(levels.level("wasserstein")))
        holds = (critic >= 0) & (critic < LOSS_NONE) & (generator > LOSS_HIGH) & (levels.age >= FROM_WITHOUT_CAUSE)
        holds &= (levels.earlier("critic_loss") < LOSS_NONE) & ~(levels.level("accuracy") < PERFECT) & ~without_zero
    strength = between(generator, LOSS_HIGH, 20)
    evidence = said(levels, "critic_loss", "generator_loss")
    return levels.finding("critic_too_strong", holds, strength, evidence, SOURCE, missing=2, most=0.6)
