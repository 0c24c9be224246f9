"""Sockets between the processes of a run, for nothing but to be closed: the kernel does that when a process dies.

A sum over gloo fails when a process is gone; one over NCCL waits for it, and nothing in Python can end that wait. So
each process holds a socket to the first one, and a thread looks at it. Where another is gone and the training has not
ended by itself GRACE seconds later, the thread says so in one line and ends its process. A machine that is cut off is
noticed by TCP's own probes, within 20 s.
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
"""seconds that a training has to end by itself once another process is gone"""
_PATIENCE = 20.0  # seconds for all to connect
_LOOK = 0.5  # seconds between looks at whether the run is over
_BYE, _LOST = b".", b"!"
_PROBES = {"TCP_KEEPIDLE": 5, "TCP_KEEPALIVE": 5, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}  # the second is macOS's first


class _Offer(NamedTuple):
    """Where the first process listens."""

    addresses: list[str]
    port: int
    key: bytes


@contextmanager
def watched(world: World, end: Callable[[], None]) -> Iterator[None]:
    """Looks after the other processes while the block runs; to be entered by all.

    Where they cannot connect to each other (a firewall), all go on without, after a warning of the first one.

    Args:
        world: those that sum together
        end: called in a thread of its own when another process is gone and the block goes on all the same
    """
    sockets = _connected_by_all(world)
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(sockets, over, end), name="steadygan watchdog", daemon=True)
    watcher.start()
    said = b""
    try:
        yield
        said = _BYE
    finally:
        over.set()
        watcher.join()
        for held in sockets:
            with suppress(OSError), closing(held):
                held.sendall(said)


def _watch(sockets: Sequence[socket.socket], over: threading.Event, end: Callable[[], None]) -> None:
    """Until the run is over, or all others have taken their leave."""
    with selectors.DefaultSelector() as selector:
        for held in sockets:
            selector.register(held, selectors.EVENT_READ, held)
        while selector.get_map() and not over.is_set():
            for key, _ in selector.select(_LOOK):
                selector.unregister(key.fileobj)
                if _heard(key.data) != _BYE:
                    for other in sockets:
                        with suppress(OSError):
                            other.sendall(_LOST)
                    if not over.wait(GRACE):
                        end()
                    return


def _heard(held: socket.socket) -> bytes:
    try:
        return held.recv(1)
    except OSError:
        return b""


def leave_with(line: str) -> None:
    """Says a line and ends this process as it is, with exit code 1: where the main thread cannot be reached."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
    os._exit(1)


def _connected_by_all(world: World) -> list[socket.socket]:
    """The first process's sockets to all others, another's to the first; none where one of them cannot connect."""
    sockets: list[socket.socket] = []
    reason = ""
    with ExitStack() as stack:
        offer = _Offer([], 0, b"")
        if world.first:
            with suppress(OSError):
                listener = stack.enter_context(_listener())
                offer = _Offer(_own_addresses(), listener.getsockname()[1], os.urandom(16))
        offer = world.agreed(offer)
        try:
            if not offer.addresses:
                raise OSError("the first one cannot listen")
            sockets = _accepted(listener, world.size - 1, offer.key) if world.first else [_connection(offer)]
        except OSError as error:
            reason = str(error)
    reasons = [each for each in world.all_of(reason) if each]
    if not reasons:
        return sockets
    for held in sockets:
        held.close()
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


def _own_addresses() -> list[str]:
    """By which others may reach this machine, the likeliest first."""
    master = os.environ["MASTER_ADDR"]
    found = [master, socket.gethostname()]
    with suppress(OSError), closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        probe.connect((master, 9))  # sends nothing; asks by which of its addresses this machine would
        found.insert(0, probe.getsockname()[0])
    return list(dict.fromkeys(found))


def _accepted(listener: socket.socket, count: int, key: bytes) -> list[socket.socket]:
    until = time.monotonic() + _PATIENCE
    found: list[socket.socket] = []
    while len(found) < count:
        listener.settimeout(max(0.01, until - time.monotonic()))
        held, _ = listener.accept()
        held.settimeout(5.0)
        said = b""
        with suppress(OSError):  # a stranger that says nothing
            said = held.recv(len(key), socket.MSG_WAITALL)
        if said == key:
            found.append(_kept(held))
        else:
            held.close()
    return found


def _connection(offer: _Offer) -> socket.socket:
    failed = OSError("no address")
    for address in offer.addresses:
        try:
            held = socket.create_connection((address, offer.port), timeout=5.0)
            held.sendall(offer.key)
        except OSError as error:
            failed = error
            continue
        return _kept(held)
    raise failed


def _kept(held: socket.socket) -> socket.socket:
    """The socket with TCP's probes on, which notice a machine that is cut off."""
    held.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _PROBES.items():
        if hasattr(socket, name):
            held.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    held.settimeout(None)
    return held
