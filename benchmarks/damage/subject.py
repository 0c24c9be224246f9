"""The run that trials damage: a tiny recipe, what its uninterrupted training wrote, and whether a run equals it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.damage.command import Outcome, run_command

ROUNDS, SAVED = 30, 20
"""rounds of the run; of the checkpoint that trials go on from"""
_TINY = (
    "sngan --data digits --generator.width 4 --critic.width 4 --batch 16 --run.threads 1 --run.precision fp32 "
    "--engine eager --run.log-every 7 --run.checkpoint-every 10 --run.evaluate none"
)


def training(out: str, rounds: int = ROUNDS) -> list[str]:
    """The command line that trains the tiny recipe."""
    return ["train", *_TINY.split(), "--rounds", str(rounds), "--out", out]


def next_command(folder: Path, run: str) -> list[str]:
    """The command that goes on with a run: the training itself if it was ended before there was a run."""
    return ["resume", run] if (folder / run / "recipe.yaml").is_file() else training(run)


@dataclass(frozen=True)
class Subject:
    """A finished run in ``folder/whole``, and one in ``folder/part`` that is to be extended to as many rounds."""

    folder: Path
    seconds: float
    """that its training took"""

    @property
    def whole(self) -> Path:
        return self.folder / "whole"

    @property
    def part(self) -> Path:
        return self.folder / "part"

    @property
    def extended(self) -> Path:
        return self.folder / "extended"

    @classmethod
    def make(cls, folder: Path) -> Subject:
        """Trains the runs."""
        folder.mkdir(parents=True, exist_ok=True)
        taken = _must(run_command(training("whole"), folder, limit=600)).seconds
        for name in ("part", "extended"):
            _must(run_command(training(name, SAVED), folder, limit=600))
        _must(run_command(["resume", "extended", "--rounds", f"+{ROUNDS - SAVED}"], folder, limit=600))
        made = cls(folder, taken)
        _must(run_command(training("again"), folder, limit=600))
        if difference := made.difference(folder / "again"):
            raise RuntimeError(f"two trainings are not alike, so that trials cannot be compared: {difference}")
        return made

    def difference(self, run: Path, like: Path | None = None) -> str | None:
        """What differs from the uninterrupted run: a tensor file by its bytes, a record; None if nothing does."""
        like = like or self.whole
        last = Path("checkpoints") / f"{ROUNDS:06d}"
        for path in sorted((like / last).glob("*.safetensors")):
            other = run / last / path.name
            if not other.is_file() or other.read_bytes() != path.read_bytes():
                return f"{path.name} of the last checkpoint differs" if other.is_file() else f"{path.name} is missing"
        mine, theirs = (_timeless(read_rows(folder)) for folder in (like, run))
        return None if mine == theirs else "the records differ"


def _timeless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records without times and speeds, which no two trainings share."""
    return [{name: value for name, value in row.items() if "second" not in name} for row in rows]


def read_rows(run: Path) -> list[dict[str, Any]]:
    """The records of a run; [] if they cannot be read."""
    try:
        return [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        return []


def _must(outcome: Outcome) -> Outcome:
    if outcome.code:
        raise RuntimeError(f"the run of the trials failed with exit code {outcome.code}: {outcome.error[-400:]}")
    return outcome
