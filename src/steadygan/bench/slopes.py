"""How the cost of a round grows: exponents fitted to measured times."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch

from steadygan.bench.cases import Case, varied
from steadygan.bench.comparing import Settings, prepared
from steadygan.bench.measuring import Round, interleaved
from steadygan.errors import RunError
from steadygan.system.device import Precision
from steadygan.system.malloc import kept_memory


class Fit(NamedTuple):
    """Cost = constant x value^exponent."""

    exponent: float
    residual: float
    """root of the mean square of the logarithms' distances: 0.05 is about 5%"""


def fit(values: Sequence[float], costs: Sequence[float]) -> Fit:
    """The least-squares line through the logarithms.

    Raises:
        ValueError: for fewer than two different values, or any that is not above 0.
    """
    if len(set(values)) < 2 or len(values) != len(costs):
        raise ValueError(f"a slope needs two different values and their costs, got {len(values)} and {len(costs)}")
    if min(*values, *costs) <= 0:
        raise ValueError("a slope of logarithms needs values and costs above 0")
    x, y = np.log(values), np.log(costs)
    exponent, constant = np.polyfit(x, y, 1)
    distances = y - (exponent * x + constant)
    return Fit(float(exponent), math.sqrt(float(np.mean(distances**2))))


def measure(variable: str, precision: Precision, by: str, settings: Settings) -> dict[str, Any]:
    """The cost of a round of WGAN-GP on DCGAN networks against one variable, as plain data.

    Raises:
        RunError: where the engine cannot be had for one of the sizes.
    """
    cases = varied(variable, settings.laptop)
    with _many_compiled(by), kept_memory():
        rounds = {str(value): _round(case, precision, by, settings) for value, case in cases.items()}
        measured = {value: settings.watch.on(run) for value, run in rounds.items()}
        times = interleaved(measured, settings.repeats, settings.seconds)
    found = {value: times[str(value)].timing for value in cases}
    fitted = fit(list(found), [timing.median for timing in found.values()])
    return {
        "variable": variable,
        "precision": precision,
        "engine": by,
        "title": next(iter(cases.values())).title,
        "values": list(found),
        "ms": [1e3 * timing.median for timing in found.values()],
        "exponent": fitted.exponent,
        "residual": fitted.residual,
        "disturbed": any(timing.disturbed for timing in found.values()),
    }


@contextmanager
def _many_compiled(by: str) -> Iterator[None]:
    """torch counts what is compiled for all sizes as one function's, and stops at a few."""
    if by == "eager":
        yield
        return
    with torch._dynamo.config.patch(recompile_limit=64):
        yield
    torch._dynamo.reset()


def _round(case: Case, precision: Precision, by: str, settings: Settings) -> Round:
    found = prepared(case, precision, by, settings.watch)
    if isinstance(found, str):
        raise RunError(f"engine {by} for {case.title}: {found}")
    return found[0]
