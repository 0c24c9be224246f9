"""Benchmark cases at sizes for tests."""

from __future__ import annotations

import dataclasses

from benchmarks.speed.cases import NAMES, Case, case, with_widths

ALL = NAMES


def small(name: str, width: int = 4, batch: int = 8) -> Case:
    """A case with such widths and batches, and two critic steps at most."""
    found = case(name)
    steps = dataclasses.replace(found.recipe.critic_steps, value=min(2, found.recipe.steps(0)))
    changes = {"batch": batch, "generator_batch": None, "critic_steps": steps}
    return dataclasses.replace(found, recipe=with_widths(dataclasses.replace(found.recipe, **changes), (width, width)))
