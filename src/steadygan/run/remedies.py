"""The remedies of a run, remedies.jsonl: what was done about each trouble, one line each, before it was done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from steadygan.run.layout import REMEDIES
from steadygan.run.records import numbered_lines
from steadygan.system.files import write_text

Action = Literal["rollback", "stop", "restart"]
"""back to a checkpoint with lower rates; back to the best checkpoint, where the run ends; again from round 0 in another
folder with lower rates"""


@dataclass(frozen=True)
class Remedy:
    """A remedy that a run took."""

    number: int
    """from 1, over the folders of restarts"""
    verdict: str
    """what the training had"""
    evidence: str
    """in words"""
    round: int
    """when it stopped"""
    action: Action
    to_round: int = 0
    """of the checkpoint that it goes back to; 0: the beginning"""
    factor: float = 1.0
    """of both learning rates"""
    folder: str = ""
    """of the new run, after a restart"""
    time: str = ""
    """local time, 'YYYY-MM-DD HH:MM:SS'"""

    @property
    def by(self) -> str:
        """How the history names who made its changes."""
        return f"remedy {self.number}"

    def __str__(self) -> str:
        if self.action == "restart":
            done = f"a new run with {self.factor:g} times the rates: {self.folder}"
        elif self.action == "stop":
            done = f"back to the best samples, of round {self.to_round:,}, where the run ends"
        else:
            where = f"the checkpoint of round {self.to_round:,}" if self.to_round else "the beginning"
            done = f"back to {where} with {self.factor:g} times the rates"
        return f"remedy {self.number}: {self.verdict.replace('_', ' ')} at round {self.round:,}, so {done}"


def read_remedies(folder: Path) -> tuple[Remedy, ...]:
    """The remedies of a run, oldest first; lines that are none are left out."""
    found = (None if line is None else _remedy(line) for _, line in numbered_lines(folder / REMEDIES))
    return tuple(remedy for remedy in found if remedy is not None)


def _remedy(line: dict[str, Any]) -> Remedy | None:
    known = {each.name: line[each.name] for each in fields(Remedy) if each.name in line}
    numbers = [known.get(name, 0) for name in ("number", "round", "to_round")]
    texts = [known.get(name, "") for name in ("verdict", "evidence", "folder", "time")]
    good = (
        all(type(number) is int and number >= 0 for number in numbers)
        and all(isinstance(text, str) for text in texts)
        and known.get("action") in get_args(Action)
        and isinstance(known.get("factor", 1.0), int | float)
        and {"number", "verdict", "evidence", "round"} <= known.keys()
    )
    return Remedy(**known) if good else None


def write_remedies(folder: Path, remedies: Sequence[Remedy]) -> None:
    """Writes them all, oldest first.

    Raises:
        RunError: one line, if they cannot be written.
    """
    write_text(folder / REMEDIES, "".join(json.dumps(asdict(remedy)) + "\n" for remedy in remedies))
