"""Peak memory of some training rounds, measured in a process of its own.

python -m benchmarks.peak_memory dcgan32 library bf16 cpu 2      prints megabytes beyond the idle process
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import torch

from benchmarks.rounds import CASES, Round, make_round
from steadygan.training.precision import Precision

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3


def _resident() -> tuple[float, float]:
    """Megabytes of this process now and at its peak; Linux only.

    Not ``resource.getrusage``: its peak outlives exec, so a child would report its parent's.
    """
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return tuple(int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]


def peak_of(make: Callable[[], Round], device: str) -> float:
    """Megabytes that building and running some rounds takes at its peak, in this process."""
    before = 0.0
    if device == "cpu":
        torch.ones(8, 8).matmul(torch.ones(8, 8))  # the thread pool and the matrix library are up
        before, _ = _resident()
    run = make()
    for _ in range(ROUNDS):
        run()
    if device == "cpu":
        return _resident()[1] - before
    return torch.cuda.max_memory_allocated() / 2**20


def peak_memory(case: str, side: str, precision: str, device: str, threads: int) -> float | None:
    """That of a side of a case, in a new process; None where it cannot be measured."""
    return in_a_process(["benchmarks.peak_memory", case, side, precision, device, str(threads)], device)


def in_a_process(words: Sequence[str], device: str) -> float | None:
    """The last number that a module of these words prints, in a new process; None where memory cannot be measured."""
    if device == "cpu" and not sys.platform.startswith("linux"):
        return None
    command = [sys.executable, "-m", *words]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(answer.stdout.split()[-1])


if __name__ == "__main__":
    case, side, precision, device, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    chosen = CASES[case], side, cast(Precision, precision), torch.device(device)
    print(peak_of(lambda: make_round(*chosen), device))
