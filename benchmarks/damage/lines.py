"""Wrong command lines: each is answered by one line, at once, with exit code 2."""

from __future__ import annotations

import importlib
import random
from pathlib import Path

from benchmarks.damage.command import run_command
from benchmarks.damage.subject import Subject

TRIALS = 450
LONGEST = 600
"""characters of an answer"""


def trial(subject: Subject, rng: random.Random, folder: Path) -> str | None:
    """Carries out a wrong command line; what went wrong, None if nothing did."""
    module = importlib.import_module("benchmarks.damage.command_lines")
    words: list[str] = module.wrong_command_lines(rng.randrange(2**31), 1)[0]
    outcome = run_command(words, folder)
    typed = " ".join(words)[:200]
    if fault := outcome.fault(codes=(2,)):
        return f"{typed}: {fault}"
    answer = [line for line in outcome.error.splitlines() if line.strip()]
    if len(answer) != 1 or len(answer[0]) > LONGEST:
        return f"{typed}: {len(answer)} lines, the longest of {max(map(len, answer), default=0)} characters"
    return None
