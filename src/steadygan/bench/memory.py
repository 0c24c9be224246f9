"""Peak memory of some training rounds, measured in a process of its own.

``python -m steadygan.bench.memory dcgan-32 full eager bf16 cpu 2`` prints megabytes beyond the idle process.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import torch

from steadygan.bench.cases import case
from steadygan.bench.measuring import Round
from steadygan.bench.sides import PLAIN, SAME_NETWORKS, make_round
from steadygan.system.device import Precision
from steadygan.system.malloc import kept_memory

ROUNDS = 3


def _resident() -> tuple[float, float]:
    """Megabytes of this process now and at its peak; Linux only.

    Not ``resource.getrusage``: its peak outlives exec, so a child would report its parent's.
    """
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    now, peak = (int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return now, peak


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
    return torch.cuda.max_memory_reserved(device) / 2**20  # a recording keeps what its steps free


def peak_memory(name: str, laptop: bool, side: str, precision: str, device: str, threads: int) -> float | None:
    """That of a side of a case, in a new process; None where it cannot be measured, or the process failed.

    Compiled steps on a CPU are measured with their compiler, which works in the same process.
    """
    size = "laptop" if laptop else "full"
    return in_a_process(["steadygan.bench.memory", name, size, side, precision, device, str(threads)], device)


def in_a_process(words: Sequence[str], device: str, folder: Path | None = None) -> float | None:
    """The last number that a module of these words prints, in a new process; None where memory cannot be measured, or
    the process failed: on a GPU it has what other processes leave."""
    if device.startswith("mps") or (device == "cpu" and not sys.platform.startswith("linux")):
        return None
    command = [sys.executable, "-m", *words]
    answer = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    return None if answer.returncode else float(answer.stdout.split()[-1])


if __name__ == "__main__":
    name, size, side, precision, device, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    chosen = case(name, size == "laptop"), side, cast(Precision, precision), torch.device(device)
    with contextlib.nullcontext() if side in (PLAIN, SAME_NETWORKS) else kept_memory():
        print(peak_of(lambda: make_round(*chosen), device))
