"""Single flipped bits in all files of a run: named by a check or by resuming, or harmless to the last byte."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from benchmarks.damage.command import run_command
from benchmarks.damage.subject import ROUNDS, SAVED, Subject
from steadygan.cli import COMMANDS

TRIALS = 300
_NAMED = ("damaged", "missing", "changed")
"""what a check says of a file that is not as it was written; a recipe may have been changed by hand"""


def trial(subject: Subject, rng: random.Random, folder: Path) -> str | None:
    """Flips a bit in a copy of the run and goes on with it; what went wrong, None if nothing did."""
    run = folder / "run"
    shutil.copytree(subject.part, run)
    files = sorted(path for path in run.rglob("*") if path.is_file() and path.stat().st_size)
    path = rng.choice(files)
    name = path.relative_to(run)
    place = flip(path, rng)
    if "check" in COMMANDS:
        checked = run_command(["check", "run"], folder)
        if fault := checked.fault():
            return f"{place} of {name}: check: {fault}"
        said = [line for line in checked.output.splitlines() if any(word in line for word in _NAMED)]
        if _names("\n".join(said), name):
            return None
        if checked.code:
            return f"{place} of {name}: not named by check: {said}"
    resumed = run_command(["resume", "run", "--rounds", f"+{ROUNDS - SAVED}"], folder)
    if fault := resumed.fault():
        return f"{place} of {name}: resume: {fault}"
    if resumed.code:
        return None if _names(resumed.output, name) else f"{place} of {name}: not named by resume: {resumed.error}"
    difference = subject.difference(run, subject.extended)
    return f"{place} of {name}: silent: {difference}" if difference else None


def flip(path: Path, rng: random.Random) -> str:
    """Flips a random bit of a file; where it is, in words."""
    content = bytearray(path.read_bytes())
    bit = rng.randrange(8 * len(content))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    return f"bit {bit % 8} of byte {bit // 8}"


def _names(output: str, name: Path) -> bool:
    """True if a message names the file, or its checkpoint."""
    return name.name in output or (name.parent.name in output and len(name.parts) > 1)
