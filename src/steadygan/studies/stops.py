"""Signals that ask a trial to stop, noticed even where the code that they meet makes another error of them."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from steadygan.system import end_signals


class Stops:
    """Context that notices SIGINT, SIGTERM and SIGHUP, which go on to the handlers that were there before.

    A KeyboardInterrupt that meets the import of a compiled module comes out as an error of its own, which would be
    taken for a failure of the trial.
    """

    def __init__(self) -> None:
        self.received = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stops:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, *end_signals.heeded()):
                before = signal.getsignal(number)
                if callable(before):
                    self._before[number] = before
                    signal.signal(number, self._notice)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _notice(self, number: int, frame: FrameType | None) -> None:
        self.received = True
        self._before[number](number, frame)
