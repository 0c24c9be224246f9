"""The records of a run, metrics.jsonl and evaluations.jsonl: one writer, one reader, and the curves of their numbers.

A record has one JSON object a line, one line a logged round.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.errors import RunError
from steadygan.system.files import describe, sync, write_text, writing

TIMES = ("seconds", "samples_per_second", "seconds_left", "data_wait", "data_replaced")
"""Fields in which two equal runs may differ."""


class Record:
    """Appends rows to a record; after a resume, cut back to the checkpoint first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self) -> list[dict[str, Any]]:
        """All rows, by round."""
        return read_rows(self.path)

    def cut_back(self, round_: int) -> None:
        """Drops the rows after a round, and a torn last line."""
        if not self.path.exists():
            return
        kept = [row for row in read_rows(self.path) if row["round"] <= round_]
        write_text(self.path, "".join(json.dumps(row) + "\n" for row in kept))

    def append(self, row: Mapping[str, float | int | str]) -> None:
        """Writes one row. A number that is not finite is written as null, which every JSON reader takes."""
        plain = {key: value if isinstance(value, str) or math.isfinite(value) else None for key, value in row.items()}
        with writing(self.path), open(self.path, "a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(plain) + "\n")

    def sync(self) -> None:
        """Puts the rows on the disk, before a checkpoint claims that they are there."""
        if self.path.exists():
            with writing(self.path):
                sync(self.path)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a record by round; without a file none. Of several rows for one round the last counts.

    Raises:
        RunError: one line, for a file that cannot be read.
    """
    by_round = {row["round"]: row for row in json_lines(path) if type(row.get("round")) is int}
    return [by_round[round_] for round_ in sorted(by_round)]


def json_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file with one a line; what is none is left out, such as a torn last line.

    Raises:
        RunError: one line, for a file that cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"cannot read '{path}': {describe(error)}") from error
    objects = []
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            objects.append(value)
    return objects


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
    if not evaluations:
        return None
    judge, features = evaluations[-1]["judge"], evaluations[-1].get("features")
    alike = [row for row in evaluations if (row["judge"], row.get("features")) == (judge, features)]
    scored = [row for row in alike if row.get(judge) is not None]
    return int(min(scored, key=lambda row: row[judge])["round"]) if scored else None
