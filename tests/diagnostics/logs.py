"""Signal logs by construction."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from steadygan.diagnostics.fields import Row

LOOKS = 30
ROUNDS = 300
Course = float | str | Callable[[float], float]
"""a number, or a function of the share of the run that is done"""


def log(looks: int = LOOKS, *, planned: int | None = ROUNDS, of: int = LOOKS, **courses: Course) -> list[Row]:
    """The first ``looks`` looks of a run that is looked at ``of`` times, with each field's course."""
    rows: list[Row] = []
    for look in range(1, looks + 1):
        row: dict[str, float | int | str] = {"round": look * ROUNDS // of}
        if planned is not None:
            row["rounds"] = planned
        row |= {name: course(look / of) if callable(course) else course for name, course in courses.items()}
        rows.append(row)
    return rows


HEALTHY: Mapping[str, Course] = {
    "training_samples": 1297,
    "seen": lambda t: 64 * 300 * t,
    "critic_loss": lambda t: -3 + 1.5 * t,
    "generator_loss": 0.5,
    "gap": lambda t: 3 - 1.5 * t,
    "distance_ratio": lambda t: min(0.9, 0.05 + 1.2 * t),
    "rank_ratio": lambda t: 0.1 + 0.3 * t,
    "duplicates": lambda t: max(0.02, 1 - 2 * t),
    "duplicates_expected": 0.01,
    "bins_missing": lambda t: max(0.02, 0.9 - 1.5 * t),
    "bins_different": lambda t: max(0.3, 1 - t),
    "classes": lambda t: min(0.9, 0.1 + 1.5 * t),
    "class_entropy_ratio": lambda t: min(0.95, 0.1 + 1.5 * t),
    "copy_ratio": lambda t: max(1.1, 2 - t),
    "copy_z": 5.0,
    "move": lambda t: max(0.1, 0.9 - 0.7 * t),
    "move_rate": lambda t: max(0.01, 0.09 - 0.07 * t),
    "directness": 0.6,
    "grid": lambda t: max(1.1, 8 - 20 * t),
    "accuracy": lambda t: 1 - 0.15 * t,
    "area": 0.9,
    "slope_real": 1.0,
    "slope_fake": 1.0,
    "slope_between": 1.05,
    "slope_high": 1.3,
    "depth_slope": -0.1,
    "generator_gradient": 1.0,
    "critic_gradient": 1.0,
    "derivative": 1.0,
    "gap_train": 2.0,
    "gap_held_out": 1.97,
    "gap_error": 0.02,
    "r_v": 0.015,
    "rise": 0.05,
}
"""courses of a run that becomes healthy, with values as measured"""


def run(looks: int = LOOKS, *, planned: int | None = ROUNDS, **changed: Course) -> list[Row]:
    """A healthy run's log with other courses of some fields."""
    return log(looks, planned=planned, **{**HEALTHY, **changed})
