"""The plain loop in a process of its own, as its users run it: a run's way with memory would speed it up, too."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import torch

from steadygan.bench.cases import Case
from steadygan.bench.measuring import Measured, Round, Watch
from steadygan.bench.plain_side import plain_round

_round: Round | None = None
"""of this process"""


@contextlib.contextmanager
def plain_apart(case: Case, watch: Watch, *, ordinary: bool = True) -> Iterator[Measured]:
    """What measures rounds of the plain loop, in a process that ends with this.

    Raises:
        ValueError: for a method that there is no plain loop of.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        process.submit(_begin, case, watch.device, ordinary, torch.get_num_threads()).result()
        yield lambda rounds: process.submit(_seconds, watch, rounds).result()


def _begin(case: Case, device: torch.device, ordinary: bool, threads: int) -> None:
    global _round
    torch.set_num_threads(threads)
    _round = plain_round(case, device, ordinary=ordinary)


def _seconds(watch: Watch, rounds: int) -> float:
    assert _round is not None
    return watch.seconds(_round, rounds)
