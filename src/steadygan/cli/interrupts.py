"""Ctrl-C: the first one stops a command cleanly, the second one at once."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from steadygan.cli.codes import INTERRUPTED


class Interrupts:
    """Context in which the first SIGINT raises KeyboardInterrupt, so that nothing is left half-written, and the second
    one ends the process where it is. The rounds of a training have signal handlers of their own."""

    def __init__(self) -> None:
        self.received = 0
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # by nohup, or a shell's background job
        if threading.current_thread() is threading.main_thread() and not ignored:
            self._before = signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None and not self.received:  # a second one may come while Python ends
            signal.signal(signal.SIGINT, self._before)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.received += 1
        if self.received > 1:
            os.write(2, b"\nsteadygan: stopped at once\n")
            os._exit(INTERRUPTED)
        raise KeyboardInterrupt
