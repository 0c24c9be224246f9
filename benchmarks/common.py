"""What the benchmarks share: where results are kept, and how the command that made them is written down."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from steadygan.bench.results import processor, typed
from steadygan.system.files import write_text

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def command_line(name: str, arguments: Sequence[str] | None) -> str:
    """What was typed, with paths cut to their last two parts: a result names no machine."""
    return f"python -m benchmarks.{name} {typed(arguments)}".rstrip()


def write_between(path: Path, begin: str, end: str, text: str) -> None:
    """Puts the text between the two marks of a page.

    Raises:
        ValueError: for a page without them.
    """
    page = path.read_text(encoding="utf-8")
    head, first, rest = page.partition(begin)
    _, second, tail = rest.partition(end)
    if not first or not second:
        raise ValueError(f"{path.name} has no '{begin}' and '{end}'")
    write_text(path, f"{head}{begin}\n{text}\n{end}{tail}")


__all__ = ["RESULTS", "ROOT", "command_line", "processor", "write_between"]
