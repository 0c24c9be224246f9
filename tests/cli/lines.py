"""Command lines of tiny runs, in this process or in one of their own."""

from __future__ import annotations

import os
import subprocess
import sys

SMALL = ["--batch", "4", "--generator.width", "4", "--critic.width", "4", "--critic-steps", "1"]


def shell(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "steadygan", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        timeout=120,
        check=False,
    )
