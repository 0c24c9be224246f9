"""Scaling of a round's cost with batch, pixels, width and n_critic: exponents of power laws fitted to times."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch

from benchmarks.speed.cases import Case, varied
from benchmarks.speed.comparison import Settings, prepared
from benchmarks.speed.timing import Round, interleaved
from steadygan.errors import RunError
from steadygan.system.device import Precision
from steadygan.system.malloc import kept_memory


class Fit(NamedTuple):
    """Cost = constant x value^exponent."""

    exponent: float
    residual: float
    """root mean square residual of the logarithms: 0.05 is about 5%"""


def fit(values: Sequence[float], costs: Sequence[float]) -> Fit:
    """Fits a power law by least squares on the logarithms.

    Raises:
        ValueError: for fewer than two different values, or any that is not above 0.
    """
    if len(set(values)) < 2 or len(values) != len(costs):
        raise ValueError(f"a slope needs two different values and their costs, got {len(values)} and {len(costs)}")
    if min(*values, *costs) <= 0:
        raise ValueError("a slope of logarithms needs values and costs above 0")
    x, y = np.log(values), np.log(costs)
    exponent, constant = np.polyfit(x, y, 1)
    residuals = y - (exponent * x + constant)
    return Fit(float(exponent), math.sqrt(float(np.mean(residuals**2))))


def measure(variable: str, precision: Precision, engine: str, settings: Settings) -> dict[str, Any]:
    """Cost of a WGAN-GP round on DCGAN networks against one variable, as plain data.

    Raises:
        RunError: for an engine that is not available for one of the sizes.
    """
    cases = varied(variable, settings.laptop)
    with _many_compiled(engine), kept_memory():
        rounds = {str(value): _round(case, precision, engine, settings) for value, case in cases.items()}
        measured = {value: settings.watch.on(run) for value, run in rounds.items()}
        times = interleaved(measured, settings.repeats, settings.seconds)
    timings = {value: times[str(value)].timing for value in cases}
    fitted = fit(list(timings), [timing.median for timing in timings.values()])
    return {
        "variable": variable,
        "precision": precision,
        "engine": engine,
        "title": next(iter(cases.values())).title,
        "values": list(timings),
        "ms": [1e3 * timing.median for timing in timings.values()],
        "exponent": fitted.exponent,
        "residual": fitted.residual,
        "disturbed": any(timing.disturbed for timing in timings.values()),
    }


@contextmanager
def _many_compiled(engine: str) -> Iterator[None]:
    """Lifts torch.compile's limit of recompilations, which all sizes count towards."""
    if engine == "eager":
        yield
        return
    with torch._dynamo.config.patch(recompile_limit=64):
        yield
    torch._dynamo.reset()


def _round(case: Case, precision: Precision, engine: str, settings: Settings) -> Round:
    result = prepared(case, precision, engine, settings.watch)
    if isinstance(result, str):
        raise RunError(f"engine {engine} for {case.title}: {result}")
    return result[0]
