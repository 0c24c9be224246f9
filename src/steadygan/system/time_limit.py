"""A limit on the time that a piece of Python may take, by a signal; none where the platform has no such signal."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType


class TimeIsUp(BaseException):
    """The time of a block is over. No Exception: what the block calls may catch all of these."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises TimeIsUp in the block once it lasts longer.

    Only in the main thread of a platform with interval timers: else there is no limit. A timer that runs already
    goes on afterwards, and comes first if it ends first.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier, interval = signal.getitimer(signal.ITIMER_REAL)
    if 0 < earlier <= seconds:
        yield
        return

    def over(number: int, frame: FrameType | None) -> None:
        raise TimeIsUp

    began, before = time.monotonic(), signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
        if earlier:
            signal.setitimer(signal.ITIMER_REAL, max(1e-3, earlier - (time.monotonic() - began)), interval)
