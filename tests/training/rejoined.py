"""Processes that join, part and join again: what a test of them runs in each.

``python -m tests.training.forked SIZE rejoined OUT`` starts them.
"""

from __future__ import annotations

import time

import torch

from steadygan.training.processes.launch import joined

TIMES = 4


def main(out: str) -> None:
    """Writes what each joining gave; the processes come late by turns."""
    given = []
    for index in range(TIMES):
        with joined(torch.device("cpu")) as world:
            given.append((world.broadcast(10 * index + world.rank), world.all_gather_object(world.rank)))
        if world.rank != index % 2:
            time.sleep(0.3)
    if world.first:
        torch.save({"given": given}, out)
