"""The device on which trials train: the CPU, unless the study was begun with another one."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextvars import ContextVar

from steadygan.errors import UsageError

CPU = "cpu"
_chosen: ContextVar[str] = ContextVar("device", default=CPU)


def device() -> str:
    """Its name: 'cpu', 'cuda', 'cuda:1' or 'mps'."""
    return _chosen.get()


def settled(name: str) -> str:
    """A device by its own name: 'auto' is what this machine has; others need not be here.

    Raises:
        UsageError: for another name.
    """
    if name == "auto":
        from steadygan.system.device import choose_device

        return choose_device(name).type
    if not re.fullmatch(r"cpu|mps|cuda(:[0-9]{1,3})?", name):
        raise UsageError(f"unknown device '{name}' (known: auto, cpu, cuda, cuda:1, mps)")
    return name


@contextlib.contextmanager
def on(name: str) -> Iterator[None]:
    """Context in which trials train on a device."""
    token = _chosen.set(name)
    try:
        yield
    finally:
        _chosen.reset(token)
