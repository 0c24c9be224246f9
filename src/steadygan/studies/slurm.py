"""A study as a job array of Slurm: a script whose tasks are workers on the study's folder, which all nodes see."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from steadygan.studies.worker_process import GRACE

MOST = 64
"""tasks where no number is named"""


def script(arguments: Sequence[str], name: str, tasks: int, notes: Sequence[str] = (), gpu: bool = False) -> str:
    """The text of a script for ``sbatch``.

    Args:
        arguments: of ``steadygan`` in each task, with absolute paths
        name: of the study
        tasks: of the array
        notes: lines for its reader
        gpu: True if each task needs one
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
    command = shlex.join([sys.executable, "-m", "steadygan", *arguments])
    return f"""\
#!/bin/bash
# Each task is a worker on the same folder, which all nodes have to see: it takes trials that nobody has, and ends when
# none is left. Submit it again to go on with a study that was stopped. Set time and memory for your machines.
{"".join(f"# {note}{chr(10)}" for note in notes)}#SBATCH --job-name=steadygan-{name}
#SBATCH --array=1-{tasks}
#SBATCH --cpus-per-task=1
{"#SBATCH --gpus=1" + chr(10) if gpu else ""}#SBATCH --mem=4G
#SBATCH --time=24:00:00
#SBATCH --signal=B:TERM@{2 * int(GRACE)}
#SBATCH --output=steadygan-{name}-%a.log
export OMP_NUM_THREADS=1
cd {shlex.quote(str(Path.cwd()))}
exec {command}
"""
