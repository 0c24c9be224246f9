"""One command of steadygan in a forked process, with a limit on its time and memory, killed at a moment if asked.

A new interpreter takes three seconds to load torch; a fork of one that has loaded it takes milliseconds, so that
hundreds of trials fit into minutes. The child is the command in all else: its own folder, standard streams, signal
handlers and exit code.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from benchmarks.forks import CRASHED, carry_out

TIME = 60.0
"""seconds after which a command has hung"""
MEMORY = 6 * 2**30
"""bytes of address space"""
DAMAGED = 3
"""exit code of ``steadygan check`` for a run that is damaged"""


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    """exit code; minus the signal that ended it"""
    output: str
    """both streams"""
    error: str
    """standard error alone"""
    seconds: float
    hung: bool = False

    def fault(self, *, codes: Sequence[int] = (0, 1, 2, DAMAGED)) -> str | None:
        """Why this is no proper end: a hang, a signal, a traceback, another exit code, or no line with an error."""
        last = self.error.strip().splitlines()[-1:] or [""]
        if self.hung:
            return f"hung for {self.seconds:.0f} s"
        if "Traceback (most recent call last)" in self.output or self.code == CRASHED:
            return f"traceback: {last[0][:200]}"
        if self.code not in codes:
            return f"signal {-self.code}" if self.code < 0 else f"exit code {self.code}: {last[0][:200]}"
        if self.code in (1, 2) and not last[0].startswith("steadygan: "):
            return f"exit code {self.code} without a line: {last[0][:200]}"
        return None


def run_command(
    words: Sequence[str],
    folder: Path,
    *,
    kill: tuple[float, int] | None = None,
    limit: float = TIME,
    memory: int = MEMORY,
    before: Callable[[], None] | None = None,
) -> Outcome:
    """Carries out ``steadygan WORDS`` in a folder.

    Args:
        words: the command line
        folder: where it runs
        kill: (seconds, signal): sent to the process after so long
        limit: seconds until it is killed as hung
        memory: bytes of address space that it may take
        before: called in the child before the command
    """
    out, error = folder / ".stdout", folder / ".stderr"
    began = time.monotonic()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        _be_the_command(words, folder, out, error, memory, before)
    code, hung = _wait(child, began, kill, limit)
    seconds = time.monotonic() - began
    texts = [path.read_text(encoding="utf-8", errors="replace") if path.exists() else "" for path in (out, error)]
    for path in (out, error):
        path.unlink(missing_ok=True)
    return Outcome(code, "".join(texts), texts[1], seconds, hung)


def limit_memory(count: int = MEMORY) -> None:
    """Lets this process take at most so many bytes of address space."""
    resource.setrlimit(resource.RLIMIT_AS, (count, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _be_the_command(
    words: Sequence[str], folder: Path, out: Path, error: Path, memory: int, before: Callable[[], None] | None
) -> NoReturn:
    def streams() -> tuple[int, int, int]:
        os.setpgid(0, 0)
        writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        return os.open(os.devnull, os.O_RDONLY), os.open(out, writing, 0o644), os.open(error, writing, 0o644)

    def command() -> int:
        os.chdir(folder)
        sys.argv = ["steadygan", *words]
        limit_memory(memory)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if before:
            before()
        from steadygan.cli import main

        return main(words)

    carry_out(command, streams)


def _wait(child: int, began: float, kill: tuple[float, int] | None, limit: float) -> tuple[int, bool]:
    """(exit code or minus the signal, True if it hung) of a child."""
    step, sent = 0.001, False
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), False
        passed = time.monotonic() - began
        if kill is not None and not sent and passed >= kill[0]:
            os.kill(child, kill[1])
            sent = True
        if passed > limit:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return -signal.SIGKILL, True
        left = kill[0] - passed if kill is not None and not sent else step
        time.sleep(max(0.0002, min(step, left)))
        step = min(0.02, step * 1.2)
