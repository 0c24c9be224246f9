"""The records of a run, metrics.jsonl and evaluations.jsonl: one JSON object a round that is logged."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from steadygan.system.files import sync, write_text, writing

TIMES = ("seconds", "samples_per_second", "seconds_left", "data_wait", "data_replaced")
"""Fields that two equal runs may differ in."""


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a record; a last line that was cut off in the middle is left out."""
    rows: list[dict[str, Any]] = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                rows.append(row)
    return rows


def best_round(evaluations: Sequence[Mapping[str, Any]]) -> int | None:
    """The round whose samples were nearest to the real ones by the distance that the rows name; None without rows.

    Only rows judged like the last one count: another judge, or other features, are another scale.
    """
    if not evaluations:
        return None
    judge, features = evaluations[-1]["judge"], evaluations[-1].get("features")
    like = [row for row in evaluations if (row["judge"], row.get("features")) == (judge, features)]
    scored = [row for row in like if row.get(judge) is not None]
    return int(min(scored, key=lambda row: row[judge])["round"]) if scored else None


class Record:
    """Appends rows; after a resume, cut back to the checkpoint first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self) -> list[dict[str, Any]]:
        """All rows."""
        return read_rows(self.path)

    def cut_back(self, round_: int) -> None:
        """Drops the rows after a round, and a torn last line."""
        if not self.path.exists():
            return
        kept = [row for row in read_rows(self.path) if row.get("round", 0) <= round_]
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
