"""A block that lasts longer than its limit ends, whatever it catches."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time

import pytest

from steadygan.system.time_limit import TimeIsUp, time_limit

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")


def stubborn(seconds: float) -> None:
    with time_limit(seconds):
        for _ in range(3):
            with contextlib.suppress(Exception):
                time.sleep(5)


def test_a_block_ends_after_its_time_although_it_catches_all_exceptions() -> None:
    began = time.perf_counter()
    with pytest.raises(TimeIsUp):
        stubborn(0.1)
    assert time.perf_counter() - began < 2


def test_a_block_that_waits_for_another_program_ends_too() -> None:
    began = time.perf_counter()
    with pytest.raises(TimeIsUp), time_limit(0.2):
        subprocess.run([sys.executable, "-c", "import time; time.sleep(5)"], check=True)
    assert time.perf_counter() - began < 3


def test_a_block_in_time_is_left_alone_and_the_timer_and_handler_are_as_before() -> None:
    before, earlier = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[0]
    with time_limit(5.0):
        pass
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == pytest.approx(earlier, abs=1.0)  # pytest's own, if any


def test_there_is_no_limit_in_another_thread() -> None:
    done = []

    def run() -> None:
        with time_limit(0.01):
            time.sleep(0.1)
            done.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert done == [True]
