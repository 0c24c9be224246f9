"""CPU threads of torch, and of the BLAS of numpy and scipy, whose number torch does not set."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

from steadygan.system.cores import free_cores


def set_threads(threads: int) -> None:
    """This process's CPU threads from now on; of BLAS no more than it has.

    Threads of BLAS wait for one another in a loop: on two busy cores two of them took three times as much processor
    time as one (features of 2,000 pictures).
    """
    torch.set_num_threads(threads)
    for library in _blas():
        library.set_num_threads(min(threads, library.num_threads))


@contextlib.contextmanager
def restored_threads(threads: int | None = None) -> Iterator[None]:
    """Context with this number of CPU threads (None: unchanged); restores the caller's at its end."""
    before, blas = torch.get_num_threads(), [(library, library.num_threads) for library in _blas()]
    if threads is not None:
        set_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        for library, number in blas:
            library.set_num_threads(number)


@contextlib.contextmanager
def on_free_cores() -> Iterator[None]:
    """Context, or decorator, of work for which nobody chose a number of threads: one for each core that is free."""
    import scipy.linalg  # noqa: F401  its BLAS is seen once it is loaded

    with restored_threads(min(torch.get_num_threads(), free_cores())):
        yield


def _blas() -> list[Any]:
    """The BLAS libraries that are loaded now."""
    from threadpoolctl import ThreadpoolController

    return list(ThreadpoolController().select(user_api="blas").lib_controllers)
