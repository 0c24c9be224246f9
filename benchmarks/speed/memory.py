"""Peak memory of some training rounds, measured in a process of its own.

python -m benchmarks.speed.memory dcgan-32 full eager bf16 cpu 2    prints megabytes above the idle process
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import torch

from benchmarks.common import ROOT
from benchmarks.speed.cases import Case, case
from benchmarks.speed.library import library_round
from benchmarks.speed.plain import PLAIN, SAME_NETWORKS, plain_round
from benchmarks.speed.timing import Round
from steadygan.system.device import Precision
from steadygan.system.malloc import kept_memory
from steadygan.training.engines.by_name import make

ROUNDS = 3


def make_round(case: Case, side: str, precision: Precision, device: torch.device) -> Round:
    """A round of the plain loop, which is float32, or of an engine.

    Raises:
        UsageError: for an unknown engine.
    """
    if side in (PLAIN, SAME_NETWORKS):
        return plain_round(case, device, ordinary=side == PLAIN)
    return library_round(case, precision, device, make(side))


def _resident() -> tuple[float, float]:
    """Resident memory of this process now and at its peak, in megabytes; Linux only.

    Not ``resource.getrusage``: its peak outlives exec, so a child would report its parent's.
    """
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    now, peak = (int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return now, peak


def peak_of(make: Callable[[], Round], device: str) -> float:
    """Peak memory of building and running some rounds in this process, in megabytes."""
    before = 0.0
    if device == "cpu":
        torch.ones(8, 8).matmul(torch.ones(8, 8))  # starts the thread pool and the matrix library
        before, _ = _resident()
    run = make()
    for _ in range(ROUNDS):
        run()
    if device == "cpu":
        return _resident()[1] - before
    return torch.cuda.max_memory_reserved(device) / 2**20  # a CUDA graph keeps what its steps free


def peak_memory(name: str, laptop: bool, side: str, precision: str, device: str, threads: int) -> float | None:
    """Peak memory of one side of a case, measured in a new process; None if it cannot be measured.

    Compiled steps on a CPU include their compiler, which runs in the same process.
    """
    size = "laptop" if laptop else "full"
    return in_new_process(["benchmarks.speed.memory", name, size, side, precision, device, str(threads)], device)


def in_new_process(arguments: Sequence[str], device: str) -> float | None:
    """The last number that ``python -m`` with these arguments prints.

    None where memory cannot be measured, and if the process failed: on a GPU it has only what other processes leave.
    """
    if device.startswith("mps") or (device == "cpu" and not sys.platform.startswith("linux")):
        return None
    command = [sys.executable, "-m", *arguments]
    answer = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    return None if answer.returncode else float(answer.stdout.split()[-1])


if __name__ == "__main__":
    name, size, side, precision, device, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    chosen = case(name, size == "laptop"), side, cast(Precision, precision), torch.device(device)
    with contextlib.nullcontext() if side in (PLAIN, SAME_NETWORKS) else kept_memory():
        print(peak_of(lambda: make_round(*chosen), device))
