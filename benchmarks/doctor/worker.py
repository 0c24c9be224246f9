"""One training in a worker process; what goes wrong in it is told, and the others go on."""

from __future__ import annotations

import shutil
import traceback
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.doctor.trainings import Training
from benchmarks.doctor.trial import carry_out, signal_rows


class Done(NamedTuple):
    """A training that ended."""

    name: str
    found: dict[str, Any]
    """outcome numbers; empty after an error"""
    rows: list[dict[str, Any]]
    """of its signal log"""
    error: str = ""
    """a traceback"""


def carried_out(training: Training, runs: Path, threads: int, keep: bool) -> Done:
    """Trains in its folder below ``runs``, which is removed unless it is kept."""
    folder = runs / training.name
    try:
        found, rows = carry_out(training, folder, threads), signal_rows(folder)
    except Exception:
        return Done(training.name, {}, [], traceback.format_exc())
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    return Done(training.name, found, rows)
