"""The plain loop in its own process, as its users run it: ours keeps freed memory, which would speed it up."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import torch

from benchmarks.speed.cases import Case
from benchmarks.speed.plain import plain_round
from benchmarks.speed.timing import Measured, Round, Watch

_round: Round | None = None
"""the round that this process measures"""


@contextlib.contextmanager
def plain_in_own_process(case: Case, watch: Watch, *, ordinary: bool = True) -> Iterator[Measured]:
    """Within the block, a function that times rounds of the plain loop in another process.

    Raises:
        ValueError: for a method without a plain loop.
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
