"""Helpers for tests of studies in folders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from steadygan.studies import session
from steadygan.studies.folder import StudyFolder
from steadygan.studies.study import Scale

CALCULATED = "tests.studies.tiny:CALCULATED"
TINY = "tests.studies.tiny:STUDY"


def begun(
    path: Path, name: str = CALCULATED, scale: Scale = "smoke", seeds: int | None = None, **options: Any
) -> StudyFolder:
    """A study's folder, begun or gone on with."""
    definition = session.defined(name, scale, seeds=seeds)
    return session.opened(definition, path, keep_seeds=seeds is None, say=lambda line: None, **options)


def numbers(path: Path) -> dict[str, dict[str, Any]]:
    """What all finished trials of a study measured: values that compare, arrays as bytes."""
    records, damaged = StudyFolder(path).records()
    assert not damaged
    found = {}
    for name, record in records.items():
        found[name] = {
            key: (value.dtype.str, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else repr(value)
            for key, value in record.values.items()
        }
    return found


def command(*arguments: str, **settings: Any) -> subprocess.Popen[str]:
    """``steadygan`` in a process of its own, from the repository's root."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root)]), "OMP_NUM_THREADS": "1"}
    environment |= settings.pop("env", {})
    return subprocess.Popen(
        [sys.executable, "-m", "steadygan", *arguments],
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **settings,
    )
