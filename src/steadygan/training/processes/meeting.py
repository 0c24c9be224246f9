"""The meeting of the processes at their start: the store that they share, once all have come.

It asks again and again, between which Python heeds signals, and says whom it waits for: torch's own waiting would end
with no Ctrl-C, and fills the screen.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import socket
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch.distributed as dist

from steadygan.errors import RunError
from steadygan.system.launched import Place
from steadygan.system.words import duration

_PAUSE = 0.2
"""seconds between two questions"""
_ANSWER = datetime.timedelta(seconds=30)
"""for the store to answer, once it listens"""
FIRST_WORDS = 20.0
"""seconds of waiting before the first line on it; the next ones come after twice as many, and so on"""
_LISTED = 8
"""processes in a line, at most"""


def met(place: Place, timeout: datetime.timedelta, clock: Callable[[], float] = time.monotonic) -> Any:
    """The store of all processes, after each of them has come.

    Args:
        place: of this process
        timeout: of the whole waiting
        clock: in seconds

    Raises:
        RunError: if the port is taken, or not all have come in time.
    """
    waiting = _Waiting(timeout.total_seconds(), clock)
    where = f"{place.address}:{place.port}"
    serves = place.rank == 0 and not place.served
    host = "torchrun" if place.served else "process 0"
    while not _is_there(place, serves):
        waiting.goes_on(f"for {host} at {where}, of {place.size} processes")
    names = [f"steadygan {place.restarts}: process {rank} came" for rank in range(place.size)]
    try:
        store = _store(place, serves)
        store.set(names[place.rank], "1")
        while missing := [rank for rank in range(place.size) if not store.check([names[rank]])]:
            # one process says it for all
            waiting.goes_on(f"at {where} for {_listed(missing)} of {place.size}" if place.rank == 0 else "")
        store.set_timeout(timeout)
    except RuntimeError as error:  # torch's errors of the network among them
        if isinstance(error, RunError):
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0][:160]
        if "listen" in reason:
            raise RunError(
                f"process 0 cannot listen at {where} ({reason}): if another training uses the port, give this one "
                "another (torchrun --master-port, or MASTER_PORT)"
            ) from None
        raise RunError(f"{host} at {where} has left before all processes had come ({reason})") from None
    return store


class _Waiting:
    """The time since the waiting began; says now and then that it goes on."""

    def __init__(self, most: float, clock: Callable[[], float]) -> None:
        self.began = clock()
        self.most, self.clock, self.said_after = most, clock, FIRST_WORDS

    def goes_on(self, what: str = "") -> None:
        """Pauses; raises RunError once it was too long."""
        time.sleep(_PAUSE)
        seconds = self.clock() - self.began
        if seconds > self.most:
            raise RunError(f"waited {duration(seconds)} {what or 'for the other processes'}, in vain")
        if what and seconds > self.said_after:
            self.said_after *= 2
            warnings.warn(
                f"waiting {what}, {duration(seconds)} so far (a WORLD_SIZE that is set by mistake is to be unset)",
                RuntimeWarning,
                stacklevel=3,
            )


def _is_there(place: Place, serves: bool) -> bool:
    """True if the store's machine is known, and listens unless it is this process that serves."""
    with contextlib.suppress(OSError):
        if serves:
            return bool(socket.getaddrinfo(place.address, place.port))
        with socket.create_connection((place.address, place.port), timeout=5.0):
            return True
    return False


def _store(place: Place, serves: bool) -> Any:
    return dist.TCPStore(  # type: ignore[attr-defined]
        place.address,
        place.port,
        place.size,
        serves,
        _ANSWER,
        wait_for_workers=False,
        multi_tenant=serves,
        use_libuv=os.environ.get("USE_LIBUV", "0" if sys.platform == "win32" else "1") == "1",
    )


def _listed(ranks: list[int]) -> str:
    names = ", ".join(map(str, ranks[:_LISTED])) + (f" and {len(ranks) - _LISTED} more" if ranks[_LISTED:] else "")
    return f"process{'es' * (len(ranks) > 1)} {names}"
