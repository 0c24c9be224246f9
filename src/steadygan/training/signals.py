"""SIGINT, SIGTERM and SIGHUP: the current round is finished and saved; a second SIGINT (Ctrl-C) stops at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

from steadygan.system import end_signals

if TYPE_CHECKING:
    from steadygan.training.processes.world import World


class StopSignals:
    """Context in which SIGINT, SIGTERM and SIGHUP only record that the run should stop."""

    last: ClassVar[int | None] = None
    """signal that stopped the latest run of this process, for the command's exit code"""

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        StopSignals.last = None
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, *end_signals.heeded()):
                self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def agreed(self, world: World) -> bool:
        """True if any of the processes should stop; all exit by its signal. A collective operation."""
        told = [number for number in world.all_gather_object(self.received) if number is not None]
        if told:
            StopSignals.last = self.received or told[0]
        return bool(told)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = StopSignals.last = number
