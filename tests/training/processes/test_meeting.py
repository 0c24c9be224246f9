"""Processes find each other at their start, say whom they wait for, and refuse variables that cannot be."""

from __future__ import annotations

import datetime
import socket
import threading
import warnings

import pytest
import torch

from steadygan.errors import RunError, UsageError
from steadygan.system.launched import Place, is_first, place
from steadygan.training.processes.launch import joined, launched
from steadygan.training.processes.meeting import met

LONG = datetime.timedelta(seconds=20)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def at(rank, port, size=3):
    return Place(rank, size, "127.0.0.1", port, served=False, restarts=0)


@pytest.fixture
def told(monkeypatch):
    """The variables of process 1 of 2."""
    values = {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    for name in ("TORCHELASTIC_USE_AGENT_STORE", "TORCHELASTIC_RESTART_COUNT"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("WORLD_SIZE", "two", r"WORLD_SIZE is 'two'; allowed: 1 or more"),
        ("WORLD_SIZE", "0", r"WORLD_SIZE is '0'; allowed: 1 or more"),
        ("WORLD_SIZE", "-3", r"WORLD_SIZE is '-3'; allowed: 1 or more"),
        ("RANK", "x", r"RANK is 'x'; allowed: 0 to 1 \(WORLD_SIZE is 2\)"),
        ("RANK", "2", r"RANK is '2'; allowed: 0 to 1 \(WORLD_SIZE is 2\)"),
        ("RANK", "", r"RANK is not set.*torchrun"),
        ("MASTER_PORT", "http", r"MASTER_PORT is 'http'; allowed: 1 to 65,535"),
        ("MASTER_PORT", "70000", r"MASTER_PORT is '70000'; allowed: 1 to 65,535"),
    ],
)
def test_variables_that_cannot_be_are_one_line(told, name, value, line):
    told.setenv(name, value)
    with pytest.raises(UsageError, match=line) as error, joined(torch.device("cpu")):
        pass
    assert "\n" not in str(error.value)


def test_variables_say_the_place_of_a_process_and_an_empty_number_is_none(told):
    assert launched()
    assert place() == Place(1, 2, "127.0.0.1", 29500, served=False, restarts=0)
    told.setenv("TORCHELASTIC_USE_AGENT_STORE", "True")
    told.setenv("TORCHELASTIC_RESTART_COUNT", "3")
    assert place()[4:] == (True, 3)
    told.setenv("WORLD_SIZE", "")
    assert not launched()


@pytest.mark.parametrize(
    ("rank", "size", "first"),
    [("0", "2", True), ("1", "2", False), ("3", "1", True), ("3", "", True), ("7", "2", True), ("x", "2", True)],
)
def test_a_process_that_is_alone_or_misplaced_is_not_silent(told, rank, size, first):
    told.setenv("RANK", rank)
    told.setenv("WORLD_SIZE", size)
    assert is_first() == first


def test_processes_that_come_in_any_order_find_each_other():
    port, stores = free_port(), {}

    def come(rank, delay):
        threading.Event().wait(delay)
        stores[rank] = met(at(rank, port), LONG)

    threads = [threading.Thread(target=come, args=each) for each in ((1, 0.0), (0, 0.3), (2, 0.6))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stores[0].set("word", "known")
    assert [stores[rank].get("word") for rank in range(3)] == [b"known"] * 3


def ticking():
    seconds = iter(range(0, 10**6, 15))
    return lambda: float(next(seconds))


@pytest.mark.parametrize(("rank", "words"), [(0, "for processes 1, 2 of 3"), (1, "for process 0 at 127.0.0.1")])
def test_those_that_do_not_come_are_named_and_waited_for_no_longer_than_the_limit(rank, words):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with pytest.raises(RunError, match=f"waited .*{words}.*in vain"):
            met(at(rank, free_port()), datetime.timedelta(seconds=100), clock=ticking())
    lines = [str(line.message) for line in said]
    assert len(lines) == 3  # after 20, 40 and 80 s
    assert all(words in line and "so far" in line and "WORLD_SIZE" in line for line in lines)


def test_a_port_in_use_is_one_line_that_names_it():
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RunError, match=rf"process 0 cannot listen at 127\.0\.0\.1:{port} .*--master-port"):
            met(at(0, port), LONG)
