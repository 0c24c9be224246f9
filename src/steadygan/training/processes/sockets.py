"""Sockets from the first process of a run to all others, with TCP keepalive."""

from __future__ import annotations

import os
import socket
import time
import warnings
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from steadygan.training.processes.world import World

CONNECT_TIMEOUT = 20.0
"""seconds, for all processes"""
_KEEPALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPALIVE": 5, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
"""socket options, in seconds and number of probes; TCP_KEEPALIVE is macOS's TCP_KEEPIDLE"""


class Endpoint(NamedTuple):
    """Where the first process listens."""

    addresses: list[str]
    port: int
    key: bytes
    """sent first by processes of this run; other connections are closed"""


def connected_sockets(world: World) -> list[socket.socket]:
    """Sockets to all others on rank 0, to rank 0 elsewhere; none if any process cannot connect."""
    sockets: list[socket.socket] = []
    reason = ""
    with ExitStack() as stack:
        endpoint = Endpoint([], 0, b"")
        if world.first:
            with suppress(OSError):
                listener = stack.enter_context(listening_socket())
                endpoint = Endpoint(_local_addresses(), listener.getsockname()[1], os.urandom(16))
        endpoint = world.broadcast(endpoint)
        try:
            if not endpoint.addresses:
                raise OSError("the first one cannot listen")
            if world.first:
                sockets = accepted_sockets(listener, world.size - 1, endpoint.key)
            else:
                sockets = [connection_to(endpoint)]
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


def listening_socket() -> socket.socket:
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


def accepted_sockets(listener: socket.socket, count: int, key: bytes) -> list[socket.socket]:
    """Connections of ``count`` processes that send the key."""
    deadline = time.monotonic() + CONNECT_TIMEOUT
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


def connection_to(endpoint: Endpoint) -> socket.socket:
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
