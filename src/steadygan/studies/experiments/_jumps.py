"""Jumps of losses, and losses of quality: what they are, and how often one came with the other."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steadygan.studies.results import Row

LOSSES = ("critic_loss", "generator_loss")
JUMP = 3.0
"""robust standard deviations of a loss's changes from look to look (1.4826 times the median deviation from their
median) beyond which a change is a jump"""
LOSS = 1.25
"""a loss of quality: the distance after the jump is so many times that before it"""
START = 0.1
"""share of a run that is left out at its start"""


def jumps(losses: ArrayLike) -> NDArray[np.bool_]:
    """True [N] at looks to which a loss [N] jumped from the one before; the first is none."""
    values = np.asarray(losses, dtype=np.float64)
    changes = np.diff(values)
    apart = np.abs(changes - np.median(changes)) if len(changes) else changes
    scale = 1.4826 * np.median(apart) if len(apart) else 0.0
    found: NDArray[np.bool_] = np.concatenate([[False], apart > JUMP * scale])
    return found


def falls(distances: ArrayLike) -> NDArray[np.bool_]:
    """True [N] at looks around which quality was lost: from the look before to the one after, by ``LOSS``."""
    values = np.asarray(distances, dtype=np.float64)
    found = np.zeros(len(values), bool)
    found[1:-1] = values[2:] > LOSS * values[:-2]
    return found


@dataclass(frozen=True)
class Counts:
    """Looks of trainings, by whether a loss jumped and whether quality was lost thereafter."""

    jumped: int
    jumped_fell: int
    calm: int
    calm_fell: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def used(row: Row) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Jumps of either loss, losses of quality, and which looks are of use; None for a training that diverged."""
    if "distances" not in row.values:
        return None
    jumped = np.any([jumps(row.values[name]) for name in LOSSES], axis=0)
    usable = np.ones(len(jumped), bool)
    usable[: max(1, math.ceil(START * len(jumped)))] = usable[-1:] = False
    return jumped, falls(row.values["distances"]), usable


def count(row: Row) -> Counts:
    """Of one training."""
    found = used(row)
    if found is None:
        return Counts(0, 0, 0, 0)
    jumped, fell, usable = found
    parts = (jumped, jumped & fell, ~jumped, ~jumped & fell)
    return Counts(*(int((part & usable).sum()) for part in parts))


def first_jump(row: Row) -> float | None:
    """Distance at the first jump of a training; None if no loss jumped."""
    found = used(row)
    if found is None or not (found[0] & found[2]).any():
        return None
    return float(row.values["distances"][np.argmax(found[0] & found[2])])
