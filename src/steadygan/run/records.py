"""The records of a run, metrics.jsonl and evaluations.jsonl: one writer, one reader, and the curves of their numbers.

A record has one JSON object a line, one line a logged round.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.run.hashes import Hash, Mark, hash_file, mark_of
from steadygan.run.layout import EVALUATIONS
from steadygan.system.files import describe, reading, sync, write_text, writing
from steadygan.system.json_text import parse_json
from steadygan.system.regular import append_regular, read_regular

TIMES = ("seconds", "samples_per_second", "seconds_left", "data_wait", "data_replaced")
"""Fields in which two equal runs may differ."""
_TEXTS = ("judge", "features")
"""fields of an evaluation that are texts"""
_MOST_BYTES = 1 << 32


class Record:
    """Appends rows to a record; after a resume, cut back to the checkpoint first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._hash: Hash | None = None

    @property
    def mark(self) -> Mark:
        """Length and hash of all that was written so far."""
        return self._written().mark

    def rows(self) -> list[dict[str, Any]]:
        """All rows, by round."""
        return evaluation_rows(self.path) if self.path.name == EVALUATIONS else number_rows(self.path)

    def cut_back(self, round_: int, mark: Mark | None = None) -> str | None:
        """Drops the rows after a round, and a torn last line.

        Args:
            round_: of the checkpoint
            mark: of the record at the checkpoint; None: unknown

        Returns:
            what is damaged of the rows up to there, which are then kept as they can be read; None if nothing is.
        """
        problem = None if mark is None else record_damage(self.path, mark)
        if mark is not None and problem is None:
            if mark.bytes or self.path.exists():
                with writing(self.path):
                    os.truncate(self.path, mark.bytes)
                    sync(self.path)
        elif self.path.exists():
            kept = [row for row in read_rows(self.path) if row["round"] <= round_]
            write_text(self.path, "".join(json.dumps(row) + "\n" for row in kept))
        self._hash = None
        return problem

    def append(self, row: Mapping[str, float | int | str]) -> None:
        """Writes one row. A number that is not finite is written as null, which every JSON reader takes."""
        plain = {key: value if isinstance(value, str) or math.isfinite(value) else None for key, value in row.items()}
        content = (json.dumps(plain) + "\n").encode()
        written = self._written()
        with writing(self.path), append_regular(self.path) as file:
            file.write(content)
        written.update(content)

    def sync(self) -> None:
        """Puts the rows on the disk, before a checkpoint claims that they are there."""
        if self.path.exists():
            with writing(self.path):
                sync(self.path)

    def _written(self) -> Hash:
        if self._hash is None:
            with reading(self.path):
                self._hash = hash_file(self.path) if self.path.exists() else Hash()
        return self._hash


def record_damage(path: Path, mark: Mark) -> str | None:
    """How the beginning of a record differs from what was written up to a checkpoint; None if it does not."""
    try:
        found = hash_file(path, mark.bytes).mark if mark.bytes or path.exists() else mark_of(b"")
    except OSError as error:
        return f"{path} cannot be read: {describe(error)}"
    if found == mark:
        return None
    if found.bytes < mark.bytes:
        return f"{path} is damaged: it is {found.bytes:,} bytes long, {mark.bytes:,} were written"
    return f"{path} is damaged: its first {mark.bytes:,} bytes are not what was written (their hash differs)"


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a record by round; without a file none. Of several rows for one round the last counts.

    Raises:
        RunError: one line, for a file that cannot be read.
    """
    by_round = {row["round"]: row for row in json_lines(path) if type(row.get("round")) is int and row["round"] >= 0}
    return [by_round[round_] for round_ in sorted(by_round)]


def number_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a record with their numbers (and null) alone: what its writer puts there."""
    return [{name: value for name, value in row.items() if _is_number(value)} for row in read_rows(path)]


def evaluation_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a record of evaluations with their numbers, judge and features; rows without a judge are left out."""
    rows = [
        {name: value for name, value in row.items() if _is_number(value) or (name in _TEXTS and isinstance(value, str))}
        for row in read_rows(path)
    ]
    return [row for row in rows if "judge" in row]


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def json_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file with one a line; what is none is left out, such as a torn last line.

    Raises:
        RunError: one line, for a file that cannot be read.
    """
    return [value for _, value in numbered_lines(path) if value is not None]


def numbered_lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Each line's number, from 1 on, and its JSON object; None for a line that is none.

    Raises:
        RunError: one line, for a file that cannot be read.
    """
    with reading(path):
        try:
            content = read_regular(path, _MOST_BYTES)
        except FileNotFoundError:
            return
    for number, line in enumerate(content.splitlines(), 1):
        try:
            value = parse_json(line)
        except ValueError:
            value = None
        yield number, value if isinstance(value, dict) else None


@dataclass(frozen=True)
class Curve:
    """One field of a record over the rounds that have it."""

    rounds: NDArray[np.float64]
    """[N], ascending"""
    values: NDArray[np.float64]
    """[N]; NaN for null; NaN and infinities as they were logged"""


def curves(rows: Iterable[Mapping[str, Any]]) -> dict[str, Curve]:
    """The curve of each numeric field of rows that ``read_rows`` gave.

    A field that a row lacks is no point; one that is null or not finite is a point without a height.
    """
    points: dict[str, tuple[list[int], list[float]]] = {}
    for row in rows:
        for name, raw in row.items():
            value = _number(raw)
            if name != "round" and value is not None:
                rounds, values = points.setdefault(name, ([], []))
                rounds.append(row["round"])
                values.append(value)
    return {
        name: Curve(np.array(rounds, dtype=np.float64), np.array(values, dtype=np.float64))
        for name, (rounds, values) in points.items()
    }


def _number(raw: object) -> float | None:
    """A field as a float, NaN for null; None for what is no number, such as a text or a flag."""
    if raw is None:
        return math.nan
    if isinstance(raw, bool):
        return None
    if isinstance(raw, (int, float)):
        return float(raw)
    if isinstance(raw, str) and raw.strip("+-").lower() in ("nan", "inf", "infinity"):
        return float(raw)
    return None


def best_round(evaluations: Sequence[Mapping[str, Any]]) -> int | None:
    """The round whose samples were nearest to the real ones, by the distance that ``judge`` names; None without rows.

    Only rows with the last one's judge and features count: others are on another scale.
    """
    judged = [row for row in evaluations if isinstance(row.get("judge"), str)]
    if not judged:
        return None
    judge, features = judged[-1]["judge"], judged[-1].get("features")
    alike = [row for row in judged if (row["judge"], row.get("features")) == (judge, features)]
    scores = [(_number(row.get(judge)), int(row["round"])) for row in alike]
    scored = [(score, round_) for score, round_ in scores if score is not None and math.isfinite(score)]
    return min(scored)[1] if scored else None
