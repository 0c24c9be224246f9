"""A whole command in two processes, of which one is killed after its first checkpoint; then again, and the other is.

``python -m tests.training.lost_together OUT`` prints for each the exit codes by rank, and the seconds that the one left
took to end. OUT/LOST is the run, OUT/LOST-RANK.err what each process said.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from pathlib import Path

from steadygan.cli import main as command
from steadygan.training.planning import speed
from tests.training import forked

ROUNDS, SAVED = 400, 20
LINE = f"train wgan-gp --data 8gaussians --rounds {ROUNDS} --batch 32 --generator.width 16 --critic.width 16"
LINE += f" --critic-steps 1 --run.checkpoint-every {SAVED} --run.evaluate none --run.threads 1 --run.precision fp32"


def main(out: str) -> None:
    """What each of the processes does."""
    for stream, ending in ((sys.stdout, "out"), (sys.stderr, "err")):
        os.dup2(os.open(f"{out}-{os.environ['RANK']}.{ending}", os.O_WRONLY | os.O_CREAT), stream.fileno())
    measured = speed.measure_speed
    speed.measure_speed = lambda *arguments, budget=1.0, **options: measured(*arguments, budget=0.02, **options)
    sys.exit(command([*LINE.split(), "--out", out]))


if __name__ == "__main__":
    for loaded in (
        "cli.train",
        "training.session",
        "evaluation.during_training",
        "diagnostics.doctor",
        "report.surfaces",
    ):
        importlib.import_module(f"steadygan.{loaded}")  # once for all processes
    for lost in (0, 1):
        folder = Path(sys.argv[1]) / str(lost)
        processes = forked.started(2, "lost_together", [str(folder)])
        until = time.monotonic() + 120
        while not (folder / "checkpoints" / f"{SAVED:06d}").exists() and time.monotonic() < until:
            assert all(process.is_alive() for process in processes)
            time.sleep(0.05)
        processes[lost].kill()
        began = time.monotonic()
        processes[1 - lost].join(60)
        took = time.monotonic() - began
        processes[1 - lost].kill()
        for process in processes:
            process.join()
        print(*(process.exitcode for process in processes), f"{took:.1f}", flush=True)
