"""What the benchmarks share: where results are kept, and how the command that made them is written down."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from steadygan.bench.results import processor, typed

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def command_line(name: str, arguments: Sequence[str] | None) -> str:
    """What was typed, with paths cut to their last two parts: a result names no machine."""
    return f"python -m benchmarks.{name} {typed(arguments)}".rstrip()


__all__ = ["RESULTS", "ROOT", "command_line", "processor"]
