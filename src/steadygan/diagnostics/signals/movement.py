"""Movement of the samples of fixed latents: distance per round, and path length against net displacement.

A training that goes on moves its samples; one that oscillates moves them far and gets nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from steadygan.checks import above
from steadygan.diagnostics.signals.host import Samples, host_rows, ratio
from steadygan.errors import UsageError
from steadygan.metrics.arrays import Rows


class Movement(NamedTuple):
    """Way of the samples of fixed latents over several looks, in standard deviations of the data."""

    path: float
    """mean over samples of the distances between successive looks, added up"""
    net: float
    """mean over samples of the distance from the first look to the last"""
    directness: float
    """net / path: 1 straight ahead, about 1 / sqrt(looks) a random walk, 0 back where it began; 1 if nothing moved"""


DEVIATION_ROWS = 1_000
"""samples at most whose deviation is taken"""


def data_deviation(real: Samples, *, limit: int = DEVIATION_ROWS) -> float:
    """Root of the summed variances of the numbers of real samples [N, ...]: their scale, for ``movement``.

    It is the distance of two real samples, root mean square, over sqrt(2).

    Raises:
        UsageError: fewer than 2 samples, NaN.
    """
    return float(np.sqrt(host_rows(real, "real samples", limit=limit).var(axis=0, ddof=1).sum()))


def displacement(before: Samples, after: Samples, deviation: float, *, rounds: float = 1) -> float:
    """Mean distance of samples [N, ...] of fixed latents from those some rounds before, in data deviations a round.

    Known values between two looks, not a round [measured small-scale]: .1 to .9 and falling healthy, 3e-5 a dead
    generator, 7 to 11 one that chases a critic that does not follow.

    Args:
        before: of the fixed latents
        after: of the same latents, in the same order
        deviation: of the data: ``data_deviation(real)``
        rounds: from one to the other

    Raises:
        UsageError: samples of two shapes, NaN, ``deviation`` or ``rounds`` not above 0.
    """
    above("rounds", rounds, 0)
    return movement([before, after], deviation).path / rounds


def movement(looks: Sequence[Samples], deviation: float) -> Movement:
    """Path length against net displacement of the samples of fixed latents, [N, ...] at each of T looks.

    A window of looks: oscillation shows as a long path with little net displacement, several looks a swing.

    Args:
        looks: samples of the same latents at T >= 2 rounds, in order
        deviation: of the data: ``data_deviation(real)``

    Raises:
        UsageError: fewer than 2 looks, samples of two shapes, NaN, ``deviation`` not above 0.
    """
    above("deviation", deviation, 0, note="of the real samples, which are all the same if it is 0")
    if len(looks) < 2:
        raise UsageError(f"movement needs samples at 2 looks or more; got {len(looks)}")
    rows = [host_rows(samples, f"samples at look {i + 1}", at_least=1) for i, samples in enumerate(looks)]
    for i, each in enumerate(rows):
        if each.shape != rows[0].shape:
            raise UsageError(
                f"samples at look {i + 1} have shape {list(each.shape)}, those at look 1 {list(rows[0].shape)}; "
                "needed: the same latents at every look"
            )
    path = sum(_distance(a, b) for a, b in pairwise(rows)) / deviation
    net = _distance(rows[0], rows[-1]) / deviation
    return Movement(path, net, ratio(net, path))


def _distance(a: Rows, b: Rows) -> float:
    return float(np.sqrt(np.square(a - b).sum(axis=1)).mean())
