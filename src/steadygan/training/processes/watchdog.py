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
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from steadygan.training.processes.world import World

GRACE = 8.0
"""seconds for training to end by itself once another process is gone"""
_CONNECT_TIMEOUT = 20.0  # seconds, for all processes
_POLL = 0.5  # seconds between checks whether the run is over
_GOODBYE, _LOST = b".", b"!"
_KEEPALIVE = {
    "TCP_KEEPIDLE": 5,
    "TCP_KEEPALIVE": 5,
    "TCP_KEEPINTVL": 5,
    "TCP_KEEPCNT": 3,
}  # the second is macOS's first


class _Endpoint(NamedTuple):
    """Where the first process listens."""

    addresses: list[str]
    port: int
    key: bytes
    """sent first by processes of this run; other connections are closed"""


@contextmanager
def watched(world: World, end: Callable[[], None]) -> Iterator[None]:
    """Context that monitors the other processes; to be entered by all.

    If they cannot connect to each other (a firewall), training continues unmonitored after a warning on rank 0.

    Args:
        world: the processes
        end: called in a separate thread when another process is gone and the block still runs
    """
    sockets = _connected_sockets(world)
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


def _connected_sockets(world: World) -> list[socket.socket]:
    """Sockets to all others on rank 0, to rank 0 elsewhere; none if any process cannot connect."""
    sockets: list[socket.socket] = []
    reason = ""
    with ExitStack() as stack:
        endpoint = _Endpoint([], 0, b"")
        if world.first:
            with suppress(OSError):
                listener = stack.enter_context(_listener())
                endpoint = _Endpoint(_local_addresses(), listener.getsockname()[1], os.urandom(16))
        endpoint = world.broadcast(endpoint)
        try:
            if not endpoint.addresses:
                raise OSError("the first one cannot listen")
            sockets = _accepted(listener, world.size - 1, endpoint.key) if world.first else [_connection(endpoint)]
        except OSError as error:
            reason = str(error)
    reasons = [each for each in world.all_gather_object(reason) if each]
    if not reasons:
        return sockets
    for connection in sockets:
        connection.close()
    if world.first:
        warnings.warn(
            f"the processes of this run cannot connect to each other ({reasons[0]}): a lost one may be noticed late",
            RuntimeWarning,
            stacklevel=2,
        )
    return []


def _listener() -> socket.socket:
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", 0))


def _local_addresses() -> list[str]:
    """Addresses under which others may reach this machine, the likeliest first."""
    master = os.environ["MASTER_ADDR"]
    addresses = [master, socket.gethostname()]
    with suppress(OSError), closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        probe.connect((master, 9))  # sends nothing: only selects the outgoing address
        addresses.insert(0, probe.getsockname()[0])
    return list(dict.fromkeys(addresses))


def _accepted(listener: socket.socket, count: int, key: bytes) -> list[socket.socket]:
    """Connections of ``count`` processes that send the key."""
    deadline = time.monotonic() + _CONNECT_TIMEOUT
    accepted: list[socket.socket] = []
    while len(accepted) < count:
        listener.settimeout(max(0.01, deadline - time.monotonic()))
        connection, _ = listener.accept()
        connection.settimeout(5.0)
        received = b""
        with suppress(OSError):  # an unidentified connection
            received = connection.recv(len(key), socket.MSG_WAITALL)
        if received == key:
            accepted.append(_with_keepalive(connection))
        else:
            connection.close()
    return accepted


def _connection(endpoint: _Endpoint) -> socket.socket:
    """A connection to the first of the addresses that answers."""
    failure = OSError("no address")
    for address in endpoint.addresses:
        try:
            connection = socket.create_connection((address, endpoint.port), timeout=5.0)
            connection.sendall(endpoint.key)
        except OSError as error:
            failure = error
            continue
        return _with_keepalive(connection)
    raise failure


def _with_keepalive(connection: socket.socket) -> socket.socket:
    """The socket with TCP keepalive, which notices a machine that is cut off."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    connection.settimeout(None)
    return connection
