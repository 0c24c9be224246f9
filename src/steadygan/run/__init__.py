"""Run folders: finding runs, reading them, and sampling from their generators."""

from __future__ import annotations

from steadygan.run.find import RUNS, find_run, is_run, list_runs, new_folder
from steadygan.run.folder import RunFolder, Weights
from steadygan.run.run import Run

__all__ = ["RUNS", "Run", "RunFolder", "Weights", "find_run", "is_run", "list_runs", "new_folder"]
