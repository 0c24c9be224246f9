"""Runs: found by name, read from their folders, and asked for samples."""

from __future__ import annotations

from steadygan.run.find import RUNS, find_run, is_run, list_runs, new_folder
from steadygan.run.folder import RunFolder, Weights
from steadygan.run.run import Run

__all__ = ["RUNS", "Run", "RunFolder", "Weights", "find_run", "is_run", "list_runs", "new_folder"]
