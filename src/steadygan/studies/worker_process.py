"""A worker as a process of its own: ``python -m steadygan.studies.worker_process FOLDER``.

It ends with the process that started it, whose end it sees by the end of its standard input, and on SIGTERM; a training
saves a checkpoint first.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType

from steadygan.errors import SteadyganError, UsageError, in_one_line
from steadygan.studies.folder import StudyFolder
from steadygan.studies.worker import work
from steadygan.system import end_signals

GRACE = 30.0
"""seconds for a training to save its checkpoint when its process is to end"""
STOPPED = 143


def main(arguments: Sequence[str]) -> int:
    """Works on the study in a folder; 0 if nothing is left, 2 for wrong usage, 1 for an error of the machine."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started it
    if end_signals.HANGUP is not None:
        signal.signal(end_signals.HANGUP, signal.SIG_IGN)  # so is a closed terminal
    signal.signal(signal.SIGTERM, _stop)
    try:
        threading.Thread(target=_end_with_parent, daemon=True, name="parent").start()
        work(StudyFolder(arguments[0]))
    except KeyboardInterrupt:
        return STOPPED
    except (SteadyganError, OSError, MemoryError) as error:
        line = str(error) if isinstance(error, SteadyganError) else in_one_line(error)
        print(line, file=sys.stderr, flush=True)
        return 2 if isinstance(error, UsageError) else 1
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    """Waits for the end of standard input, then ends this process."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(STOPPED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
