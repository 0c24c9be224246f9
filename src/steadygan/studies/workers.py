"""Local workers: processes that share a study's folder, each with one thread, and end with this one."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from steadygan.errors import RunError, UsageError
from steadygan.studies.folder import StudyFolder
from steadygan.studies.watching import Say, Watch
from steadygan.studies.worker import POLL
from steadygan.studies.worker_process import GRACE

_MOST_DEATHS = 3
"""of workers for each that was asked for, before the study is given up"""


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    errors: IO[bytes]

    def line(self) -> str:
        """The last line that it wrote on standard error."""
        self.errors.seek(0)
        lines = self.errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "a worker ended without a word"


def share(folder: StudyFolder, count: int, say: Say) -> None:
    """Carries out what is left of a study by so many worker processes.

    A worker that dies is replaced, and its trial is taken over.

    Raises:
        UsageError, RunError: the line of a worker that cannot go on.
        KeyboardInterrupt: once the workers have ended.
    """
    watch = Watch(folder, count, say)
    deaths = 0
    with _ending() as workers:
        while not watch.look():
            for worker in [each for each in workers if each.process.poll() is not None]:
                workers.remove(worker)
                code = worker.process.returncode
                if code in (1, 2):
                    raise (UsageError if code == 2 else RunError)(worker.line())
                if code:
                    deaths += 1
                    say(f"a worker died ({_cause(code)}); another one takes its trial over")
                    if deaths > _MOST_DEATHS * count:
                        raise RunError(f"{deaths} workers died, the last one {_cause(code)}: {worker.line()}")
            wanted = min(count, len(folder.unfinished()))
            workers += [_start(folder) for _ in range(wanted - len(workers))]
            time.sleep(POLL / 2)


def _cause(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"with exit code {code}"


def _start(folder: StudyFolder) -> _Worker:
    """A worker; its end of a pipe closes with this process, however that ends."""
    paths = [path for path in sys.path if path]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    errors = tempfile.TemporaryFile()  # noqa: SIM115
    process = subprocess.Popen(
        # -P: no module of the current folder hides an installed one
        [sys.executable, "-P", "-m", "steadygan.studies.worker_process", str(folder.path.resolve())],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        env=environment,
        start_new_session=True,  # Ctrl-C reaches this process alone, which ends them
    )
    return _Worker(process, errors)


@contextlib.contextmanager
def _ending() -> Iterator[list[_Worker]]:
    """A list of workers that are asked to end after the block, and made to if they do not."""
    workers: list[_Worker] = []
    try:
        yield workers
    finally:
        for worker in workers:
            with contextlib.suppress(OSError):
                worker.process.terminate()
        until = time.monotonic() + GRACE
        for worker in workers:
            try:
                worker.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
            if worker.process.stdin is not None:
                worker.process.stdin.close()
            worker.errors.close()
