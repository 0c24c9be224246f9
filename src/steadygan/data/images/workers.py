"""A process pool that maps a function over chunks, with results in order and few chunks in memory.

Threads do not help with small pictures: most of the work holds the GIL (50,000 CIFAR JPEGs on 2 cores: 4.0 s in
threads, 1.8 s in processes). Python's own process pools import the caller's main script again on macOS and Windows,
which fails if it has no main guard, and loky's workers outlive a killed parent (docs/dependencies.md). These processes
import this module only and end with their input.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from steadygan.data.images.decode import quiet_pillow
from steadygan.data.images.formats import known_elsewhere
from steadygan.errors import RunError
from steadygan.system.cores import cores

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")

WORTH_PROCESSES = 2_000  # items: for fewer, starting processes takes longer than they save
_MOST_SPARE = 16
_COMMAND = "import sys; sys.path[:] = {path!r}; from steadygan.data.images.workers import serve; serve()"


def spare_cores() -> int:
    """Cores beside the one that computes: this process's share of them among the processes of the run."""
    processes = os.environ.get("LOCAL_WORLD_SIZE", "1")  # set by torchrun
    share = cores() // max(1, int(processes) if processes.isdecimal() else 1)
    return min(_MOST_SPARE, max(1, share - 1))


def mapped(
    function: Callable[[Chunk], Result],
    chunks: Iterable[Chunk],
    *,
    processes: bool,
    workers: int | None = None,
) -> Iterator[Result]:
    """``function(chunk)`` for each chunk, in order; at most a few chunks are in memory at a time.

    ``function`` has to be importable by name: a function of a module, or a partial of one.
    """
    count = workers or cores()
    pool = Workers(count, processes=processes and count > 1)
    try:
        with quiet_pillow():
            yield from pool.map(function, chunks)
    finally:
        pool.close()


class Workers:
    """A pool of threads, each with a process of its own if asked for and possible, until it is closed."""

    def __init__(self, count: int, *, processes: bool) -> None:
        self.count = count
        can_start = bool(sys.executable) and not getattr(sys, "frozen", False)
        self._children = _Children() if processes and can_start and known_elsewhere() else None
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="steadygan-data")

    def map(self, function: Callable[[Chunk], Result], chunks: Iterable[Chunk]) -> Iterator[Result]:
        """``function(chunk)`` for each chunk, in order, as ``mapped``; for one caller at a time."""
        run = self._children.runner(function) if self._children else function
        waiting: deque[Future[Result]] = deque()
        for chunk in chunks:
            waiting.append(self._pool.submit(run, chunk))
            if len(waiting) > 2 * self.count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def close(self) -> None:
        """Ends threads and processes."""
        self._pool.shutdown(cancel_futures=True)
        if self._children:
            self._children.stop()


class _Children:
    """A child process for each thread, fed through a pipe."""

    def __init__(self) -> None:
        self._mine = threading.local()
        self._all: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()

    def runner(self, function: Callable[[Chunk], Result]) -> Callable[[Chunk], Result]:
        def run(chunk: Chunk) -> Result:
            child = self._child()
            assert child.stdin is not None
            assert child.stdout is not None
            try:
                pickle.dump((function, chunk), child.stdin, protocol=pickle.HIGHEST_PROTOCOL)
                child.stdin.flush()
                done, value = pickle.load(child.stdout)
            except (OSError, EOFError, pickle.UnpicklingError) as error:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=5)
                raise RunError(
                    f"a process that decodes pictures ended (exit code {child.poll()}): out of memory, or a file "
                    "that crashes its decoder"
                ) from error
            if not done:
                raise value
            result: Result = value
            return result

        return run

    def _child(self) -> subprocess.Popen[bytes]:
        child: subprocess.Popen[bytes] | None = getattr(self._mine, "child", None)
        if child is None:
            command = [sys.executable, "-c", _COMMAND.format(path=sys.path)]
            child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._mine.child = child
            with self._lock:
                self._all.append(child)
        return child

    def stop(self) -> None:
        for child in self._all:
            child.kill()  # they hold nothing worth keeping
        for child in self._all:
            child.communicate()
        self._all.clear()


def serve() -> None:
    """The main loop of a child: answers requests from standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing that a codec prints may mix with the answers
    with quiet_pillow():
        while True:
            try:
                function, chunk = pickle.load(requests)
            except EOFError:
                return
            answer: tuple[bool, Any]
            try:
                answer = (True, function(chunk))
            except Exception as error:
                answer = (False, error)
            try:
                pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
                answers.flush()
            except OSError:  # the parent is gone
                os._exit(0)
