"""``steadygan resume RUN`` as a process of its own, which goes on when the page's server ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from steadygan.errors import UsageError
from steadygan.run import layout
from steadygan.run.owner import is_owned, read_owner
from steadygan.system.files import describe
from steadygan.ui.tail import last_lines


def command(folder: Path) -> list[str]:
    """The command line that goes on with a run."""
    return [sys.executable, "-m", "steadygan", "resume", str(folder.resolve())]


@dataclass
class _Begun:
    process: subprocess.Popen[bytes]
    log: Path


class Resumptions:
    """The runs that were resumed from here."""

    def __init__(self) -> None:
        self._begun: dict[Path, _Begun] = {}
        self._lock = threading.Lock()

    def resume(self, folder: Path) -> None:
        """Goes on with a run in a session of its own; what it says goes to resumed.log in the run's folder.

        Raises:
            UsageError: one line, if it is being trained or resumed, or cannot be begun.
        """
        with self._lock:
            if is_owned(folder):
                raise UsageError(f"{folder.name} is being trained by {read_owner(folder) or 'another process'}")
            begun = self._begun.get(folder)
            if begun is not None and begun.process.poll() is None:
                raise UsageError(f"{folder.name} is being resumed: it takes a while to begin")
            log = folder / layout.RESUMED
            try:
                safe = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # no link, no waiting for a FIFO
                handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | safe, 0o644)
                with os.fdopen(handle, "ab") as output:
                    process = subprocess.Popen(
                        command(folder),
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
            except OSError as error:
                raise UsageError(f"{folder.name} cannot be resumed: {describe(error)}") from None
            self._begun[folder] = _Begun(process, log)

    def begins(self, folder: Path) -> bool:
        """True while a process that was begun here has not taken the run yet."""
        with self._lock:
            begun = self._begun.get(folder)
        return begun is not None and begun.process.poll() is None and not is_owned(folder)

    def failure(self, folder: Path) -> str | None:
        """The last line of a process that was begun here and failed; None if none did."""
        with self._lock:
            begun = self._begun.get(folder)
        code = None if begun is None else begun.process.poll()
        if begun is None or not code or code in (130, 143):
            return None
        lines = [line.decode("utf-8", errors="replace").strip() for line in last_lines(begun.log, 4096)]
        said = next((line for line in reversed(lines) if line), "")
        return said.removeprefix("steadygan: ") or f"it ended with exit code {code}"
