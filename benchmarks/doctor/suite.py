"""All trainings of the suite, and what is kept of each: a line of outcome numbers and a compressed signal log."""

from __future__ import annotations

import hashlib
import json
import lzma
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS
from benchmarks.doctor.failing import failing
from benchmarks.doctor.healthy import healthy
from benchmarks.doctor.trainings import Training
from benchmarks.doctor.tuning import tuning

LOGS = Path(__file__).resolve().parent / "logs"
OUTCOMES = RESULTS / "doctor.jsonl"
DIGITS = 5
"""significant digits of the numbers in a kept log"""


def trainings() -> tuple[Training, ...]:
    """The trainings, in an order that mixes all kinds, so that a part of them is a fair sample."""
    return tuple(
        sorted([*healthy(), *failing(), *tuning()], key=lambda each: hashlib.sha256(each.name.encode()).digest())
    )


def kept_outcomes(path: Path = OUTCOMES) -> dict[str, dict[str, Any]]:
    """What is kept of trainings, by name; the last line of a name counts, and half a line at the end does not."""
    found: dict[str, dict[str, Any]] = {}
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                plain = json.loads(line)
            except ValueError:
                continue
            found[plain.pop("name")] = plain
    return found


def finished(outcomes: Path = OUTCOMES, logs: Path = LOGS) -> dict[str, dict[str, Any]]:
    """What is kept of the trainings as they are now, with their logs: one whose fields changed is not finished."""
    kept = kept_outcomes(outcomes)
    return {
        each.name: kept[each.name]
        for each in trainings()
        if kept.get(each.name, {}).get("command") == each.command and log_path(each.name, logs).exists()
    }


def keep_outcome(name: str, found: Mapping[str, Any], path: Path = OUTCOMES) -> None:
    """Appends a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"name": name, **found}) + "\n")


def log_path(name: str, folder: Path = LOGS) -> Path:
    """Where the signal log of a training is kept."""
    return folder / f"{name}.jsonl.xz"


def keep_log(name: str, rows: Iterable[Mapping[str, Any]], folder: Path = LOGS) -> Path:
    """Compresses the rows of a signal log, as plain JSON values, with numbers rounded; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps({key: _short(value) for key, value in row.items()}) + "\n" for row in rows)
    path = log_path(name, folder)
    path.write_bytes(lzma.compress(lines.encode(), preset=9 | lzma.PRESET_EXTREME))
    return path


def kept_log(name: str, folder: Path = LOGS) -> tuple[dict[str, Any], ...]:
    """The rows of a kept log, as plain JSON values."""
    text = lzma.decompress(log_path(name, folder).read_bytes()).decode()
    return tuple(json.loads(line) for line in text.splitlines())


def _short(value: Any) -> Any:
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.{DIGITS}g}")
    return value
