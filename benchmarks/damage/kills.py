"""Runs that are killed at random moments, of training and of resuming, and go on to the last byte's equality."""

from __future__ import annotations

import random
import signal
from pathlib import Path

from benchmarks.damage.command import Outcome, run_command
from benchmarks.damage.subject import ROUNDS, Subject, next_command

TRIALS = 200
_SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
_MOST = 3  # kills in a trial
_CODES = {signal.SIGKILL: (-signal.SIGKILL,), signal.SIGTERM: (143, -signal.SIGTERM), signal.SIGINT: (130,)}


def trial(subject: Subject, rng: random.Random, folder: Path) -> str | None:
    """Trains, kills and resumes; what went wrong, None if nothing did."""
    for _ in range(rng.randint(1, _MOST)):
        kind = rng.choice(_SIGNALS)
        outcome = run_command(next_command(folder, "run"), folder, kill=(rng.uniform(0, 1.1) * subject.seconds, kind))
        fault = outcome.fault(codes=(0, 1, *_CODES[kind]))
        if outcome.code in _CODES[kind] and not outcome.hung and "Traceback" not in outcome.output:
            fault = None
        if fault:
            return f"after {kind.name}: {fault}"
    for _ in range(2):  # what was extended past its end, and a last start
        outcome = run_command(next_command(folder, "run"), folder)
        if fault := _failed(outcome):
            return f"the last resume: {fault}"
        if (folder / "run" / "checkpoints" / f"{ROUNDS:06d}").is_dir():
            break
    return subject.difference(folder / "run")


def _failed(outcome: Outcome) -> str | None:
    return outcome.fault(codes=(0,))
