"""Watchdog for lost processes: sockets that the kernel closes when a process of the run dies.

An all-reduce over gloo fails when a process is gone; one over NCCL waits for it, and nothing in Python can end that
wait. So each process holds a socket to the first one, monitored by a thread. If another process is gone and training
has not ended by itself GRACE seconds later, the thread prints one line and ends its process. A machine that is cut off
is noticed by TCP keepalive within 20 s.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from steadygan.training.processes.sockets import connected_sockets

if TYPE_CHECKING:
    from steadygan.training.processes.world import World

GRACE = 8.0
"""seconds for training to end by itself once another process is gone"""
_POLL = 0.5  # seconds between checks whether the run is over
_GOODBYE, _LOST = b".", b"!"


@contextmanager
def watched(world: World, end: Callable[[], None]) -> Iterator[None]:
    """Context that monitors the other processes; to be entered by all.

    If they cannot connect to each other (a firewall), training continues unmonitored after a warning on rank 0.

    Args:
        world: the processes
        end: called in a separate thread when another process is gone and the block still runs
    """
    sockets = connected_sockets(world)
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(sockets, over, end), name="steadygan watchdog", daemon=True)
    watcher.start()
    message = b""
    try:
        yield
        message = _GOODBYE
    finally:
        over.set()
        watcher.join()
        for connection in sockets:
            with suppress(OSError), closing(connection):
                connection.sendall(message)


def _watch(sockets: Sequence[socket.socket], over: threading.Event, end: Callable[[], None]) -> None:
    """Monitors the sockets until the run is over or all others have said goodbye."""
    with selectors.DefaultSelector() as selector:
        for connection in sockets:
            selector.register(connection, selectors.EVENT_READ, connection)
        while selector.get_map() and not over.is_set():
            for key, _ in selector.select(_POLL):
                selector.unregister(key.fileobj)
                if _received(key.data) != _GOODBYE:
                    for other in sockets:
                        with suppress(OSError):
                            other.sendall(_LOST)
                    if not over.wait(GRACE):
                        end()
                    return


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1)
    except OSError:
        return b""


def exit_with(line: str) -> None:
    """Prints a line to stderr and ends this process with exit code 1, without cleanup: the main thread is blocked."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
    os._exit(1)
