"""Processes that keep cores busy, so that a benchmark runs as on a laptop that is used."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Iterator


def busy() -> None:
    """Computes until it is killed or its parent is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        sum(range(200_000))


@contextlib.contextmanager
def loaded(processes: int) -> Iterator[None]:
    """Context in which so many processes compute."""
    context = multiprocessing.get_context("spawn")
    began = [context.Process(target=busy, daemon=True) for _ in range(processes)]
    try:
        for process in began:
            process.start()
        yield
    finally:
        for process in began:
            if process.pid is not None:
                process.kill()
                process.join()
