"""Processes notice when another of their run is gone, even while their main thread waits."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from steadygan.training.processes import sockets, watchdog
from steadygan.training.processes.sockets import Endpoint, accepted_sockets, connection_to, listening_socket

ROOT = Path(__file__).parents[3]
KEY = b"0123456789abcdef"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")
def test_processes_end_with_a_line_when_another_is_gone_and_wait_for_what_the_first_one_does_alone():
    line = [sys.executable, "-m", "tests.training.left"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.stdout.splitlines() == [
        "first killed -9 1 1",
        "last killed 1 1 -9",
        "last failed 1 1 3",
        "last done 0 0 0",  # who leaves in order frightens nobody
        "first busy 4 4 4",
        "first busy, and waited for 0 0 0",
    ]
    lines = [line for line in done.stderr.splitlines() if "another process of this run is gone" in line]
    assert len(lines) == 3 * 2
    assert all("steadygan resume" in line for line in lines)


def connected(endpoint, key=KEY):
    """What the first process gets of one connection that is tried."""
    with listening_socket() as listener:
        endpoint = endpoint._replace(port=listener.getsockname()[1])
        found = []
        thread = threading.Thread(target=lambda: found.extend(accepted_sockets(listener, 1, key)))
        thread.start()
        held = connection_to(endpoint)
        thread.join()
    return held, found


def test_a_process_tries_all_addresses_of_the_first_and_names_itself_by_the_key():
    held, found = connected(Endpoint(["no such machine.invalid", "127.0.0.1"], 0, KEY))
    (other,) = found
    held.sendall(b"x")
    assert other.recv(1) == b"x"
    held.close()
    assert other.recv(1) == b""
    other.close()


def test_a_stranger_is_not_taken_for_a_process_of_the_run(monkeypatch):
    monkeypatch.setattr(sockets, "CONNECT_TIMEOUT", 0.5)
    with listening_socket() as listener:
        stranger = socket.create_connection(("127.0.0.1", listener.getsockname()[1]))
        stranger.sendall(b"x" * len(KEY))
        with pytest.raises(TimeoutError):
            accepted_sockets(listener, 1, KEY)
        stranger.close()


def test_processes_that_cannot_connect_go_on_with_a_warning(monkeypatch):
    class First:
        first, rank, size = True, 0, 2

        def broadcast(self, value):
            return value

        def all_gather_object(self, value):
            return [value, "connection refused"]

    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setattr(sockets, "CONNECT_TIMEOUT", 0.1)
    with pytest.warns(RuntimeWarning, match="cannot connect to each other"), watchdog.watched(First(), pytest.fail):
        pass
