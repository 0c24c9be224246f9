"""Where a run keeps what. Imports no torch, so that runs can be listed at once."""

from __future__ import annotations

from pathlib import Path

METRICS = "metrics.jsonl"
"""numbers of the training rounds"""
EVALUATIONS = "evaluations.jsonl"
"""numbers of the samples, on a slower schedule"""


def folder_name(round_: int) -> str:
    """Six digits at least, so that names sort by round."""
    return f"{round_:06d}"


def list_checkpoints(folder: Path) -> list[Path]:
    """The whole checkpoints of a run's ``checkpoints`` folder, oldest first; those being written have other names."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if path.name.isdigit() and (path / "state.json").is_file()]
    return sorted(found, key=lambda path: int(path.name))
