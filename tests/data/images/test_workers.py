"""A pool of processes that maps a function over data."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from steadygan.data.images.workers import mapped
from steadygan.errors import RunError
from steadygan.system.cores import cores


def double(chunk: list[int], by: int = 2) -> list[int]:
    return [by * number for number in chunk]


def where(chunk: int) -> int:
    return os.getpid()


def fail(chunk: int) -> int:
    if chunk == 5:
        raise LookupError("five")
    return chunk


def crash(chunk: int) -> int:
    if chunk == 5:
        os._exit(3)
    return chunk


@pytest.mark.parametrize("processes", [False, True])
def test_results_come_in_order(processes: bool) -> None:
    chunks = [[number, number + 1] for number in range(50)]
    results = list(mapped(partial(double, by=3), chunks, processes=processes, workers=3))
    assert results == [[3 * number, 3 * number + 3] for number in range(50)]


def test_processes_are_several_and_end_with_the_work() -> None:
    found = set(mapped(where, range(200), processes=True, workers=2))
    assert os.getpid() not in found
    assert 1 <= len(found) <= 2
    for child in found:
        with pytest.raises(OSError):
            os.kill(child, 0)


def test_one_worker_needs_no_process() -> None:
    assert set(mapped(where, range(5), processes=True, workers=1)) == {os.getpid()}


@pytest.mark.parametrize("processes", [False, True])
def test_only_a_few_chunks_are_held_at_a_time(processes: bool) -> None:
    taken = 0

    def chunks() -> Iterator[list[int]]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield [number]

    results = mapped(double, chunks(), processes=processes, workers=2)
    next(results)
    assert taken <= 6
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() < 20


@pytest.mark.parametrize("processes", [False, True])
def test_an_error_comes_out_where_it_is_asked_for(processes: bool) -> None:
    results = mapped(fail, range(20), processes=processes, workers=2)
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(LookupError, match="five"):
        next(results)


def test_a_process_that_crashes_is_one_line() -> None:
    with pytest.raises(RunError, match=r"a process that decodes pictures ended \(exit code 3\)"):
        list(mapped(crash, range(20), processes=True, workers=2))


def test_there_is_at_least_one_core() -> None:
    assert cores() >= 1


SCRIPT = """
# no main guard
import os, signal, sys
sys.path[:0] = [""]
from steadygan.data.images.workers import mapped
from tests.data.images.test_workers import where
print(*set(mapped(where, range(40), processes=True, workers=2)), flush=True)
pids = mapped(where, range(40), processes=True, workers=2)
print(next(pids), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_a_script_without_a_main_guard_works_and_processes_do_not_outlive_it() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == -9 and ran.stderr == ""
    numbers = [int(word) for word in ran.stdout.split()]
    assert len(ran.stdout.splitlines()) == 2
    until = time.monotonic() + 10
    while alive := [pid for pid in numbers if _is_alive(pid)]:
        assert time.monotonic() < until, f"still there: {alive}"
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
