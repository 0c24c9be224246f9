"""metrics.jsonl, the record of a run: one JSON object a logged round."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path

from steadygan.training.files import write_text, writing

TIMES = ("seconds", "samples_per_second", "seconds_left")
"""Fields that two equal runs may differ in."""


def read_rows(path: Path) -> list[dict[str, float]]:
    """The rows of a record; a last line that was cut off in the middle is left out."""
    rows: list[dict[str, float]] = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                rows.append(row)
    return rows


class Record:
    """Appends rows; after a resume, cut back to the checkpoint first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def cut_back(self, round_: int) -> None:
        """Drops the rows after a round, and a torn last line."""
        if not self.path.exists():
            return
        kept = [row for row in read_rows(self.path) if row.get("round", 0) <= round_]
        write_text(self.path, "".join(json.dumps(row) + "\n" for row in kept))

    def append(self, row: Mapping[str, float | int]) -> None:
        """Writes one row. A number that is not finite is written as null, which every JSON reader takes."""
        plain = {key: value if math.isfinite(value) else None for key, value in row.items()}
        with writing(self.path), open(self.path, "a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(plain) + "\n")

    def sync(self) -> None:
        """Puts the rows on the disk, before a checkpoint claims that they are there."""
        if self.path.exists():
            with writing(self.path), open(self.path, "rb+") as file:
                os.fsync(file.fileno())
