"""Shared by the benchmarks: folders, files of results with where they were measured, and tables in pages."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from steadygan.system.files import write_json, write_text

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def command_line(name: str, arguments: Sequence[str] | None) -> str:
    """The command line of a benchmark, for the record: absolute paths by their last two parts, to name no machine."""
    words = sys.argv[1:] if arguments is None else arguments
    return f"python -m benchmarks.{name} {' '.join(map(short_path, words))}".rstrip()


def write_results(path: Path, name: str, arguments: Sequence[str] | None, **found: Any) -> None:
    """Writes what a benchmark found on the CPU, after its command, the processor, the versions and the date."""
    import torch

    from steadygan.run.environment import describe_environment
    from steadygan.system.device import processor

    head = {
        "command": command_line(name, arguments),
        "processor": processor(),
        "environment": describe_environment(torch.device("cpu"), "auto"),
        "date": time.strftime("%Y-%m-%d"),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {**head, **found})


def short_path(word: str) -> str:
    """The last two parts of an absolute path; any other word as it is."""
    return "/".join(Path(word).parts[-2:]) if Path(word).is_absolute() else word


def write_between(path: Path, begin: str, end: str, text: str) -> None:
    """Replaces the text between two marks of a page.

    Raises:
        ValueError: for a page without them.
    """
    page = path.read_text(encoding="utf-8")
    head, first, rest = page.partition(begin)
    _, second, tail = rest.partition(end)
    if not first or not second:
        raise ValueError(f"{path.name} has no '{begin}' and '{end}'")
    write_text(path, f"{head}{begin}\n{text}\n{end}{tail}")
