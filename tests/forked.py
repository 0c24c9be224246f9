"""Commands and workers in forks of this process, which has loaded what a new interpreter takes seconds to load.

A fork is the command in all else: its own streams, folder, environment, signal handlers and exit code.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, BinaryIO, ClassVar, NoReturn

from benchmarks.forks import carry_out


class Forked:
    """A call in a process of its own, with what tests use of ``subprocess.Popen``; its result is the exit code."""

    _ends: ClassVar[list[BinaryIO]] = []
    """of pipes to processes, which others must not keep open"""

    def __init__(self, call: Callable[[], int], errors: IO[bytes] | None = None, *, piped: bool = False) -> None:
        """
        Args:
            call: what the process does
            errors: file for its standard error; None: one of its own, which ``communicate`` reads
            piped: True if its standard input is a pipe from this process
        """
        self._out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._errors = tempfile.TemporaryFile() if errors is None else errors  # noqa: SIM115
        self.returncode: int | None = None
        self.stdin: BinaryIO | None = None
        reading = os.open(os.devnull, os.O_RDONLY)
        if piped:
            os.close(reading)
            reading, writing = os.pipe()
            self.stdin = os.fdopen(writing, "wb", buffering=0)
            self._ends.append(self.stdin)
        self.pid = os.fork()
        if self.pid == 0:
            self._be(call, reading)
        os.close(reading)

    def poll(self) -> int | None:
        """The exit code, or minus the signal that ended it; None while it runs."""
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The same, once it has ended."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("a fork", timeout or 0)
            time.sleep(0.005)
        assert self.returncode is not None
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Its standard output and error, once it has ended."""
        self.wait(timeout)
        texts = []
        for stream in (self._out, self._errors):
            stream.seek(0)
            texts.append(stream.read().decode(errors="replace"))
        return texts[0], texts[1]

    def send_signal(self, number: int) -> None:
        """Sends a signal if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Asks it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it."""
        self.send_signal(signal.SIGKILL)

    def _be(self, call: Callable[[], int], reading: int) -> NoReturn:
        def streams() -> tuple[int, int, int]:
            for end in self._ends:
                end.close()
            return reading, self._out.fileno(), self._errors.fileno()

        carry_out(call, streams)


def command(*words: str, folder: Path | None = None, env: Mapping[str, str] | None = None) -> Forked:
    """``steadygan WORDS`` in a fork.

    Args:
        words: the command line
        folder: where it runs; None: here
        env: environment variables that it has beside those of this process
    """

    def carry_out() -> int:
        from steadygan.cli import main

        os.environ.update(env or {})
        if folder is not None:
            os.chdir(folder)
        sys.argv = ["steadygan", *words]
        return main()

    return Forked(carry_out)
