"""The layout of a study's folder: the name of each file, once."""

from __future__ import annotations

from pathlib import Path

from steadygan.run.find import RUNS

STUDIES = RUNS / "studies"
"""the default folder of studies"""
STUDY = "study.json"
"""what is studied and with which settings, and what it found; a folder with it is a study's"""
PAGE = "study.html"
TABLE = "trials.csv"
"""settings and measured numbers, one line a trial"""
FIGURES = "figures"
"""the figures as PNG"""
TRIALS = "trials"
"""one folder a trial"""

RESULT = "result.json"
"""inside a trial's folder: what it measured; a trial with it is finished"""
ARRAYS = "arrays.npz"
"""beside the result: the arrays of what it measured"""
TRACE = "error.txt"
"""beside the result: where an error came from that is none of a training's"""
SPENT = "spent.json"
"""inside the folder of a trial that was stopped: how long it took until then"""
OWNER = "owner.json"
"""inside a trial's folder: the process that carries it out now"""


def default_folder(name: str, scale: str) -> Path:
    """The folder of a study for which no other is named."""
    return STUDIES / f"{name}-{scale}"
