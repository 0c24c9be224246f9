"""Three processes of a run, of which one leaves in some way while the others' main threads are where no error reaches
them, as in a sum over NCCL; or of which the first is busy for longer than collective operations wait.

``python -m tests.training.left`` prints a line for each way: the exit codes by rank.
"""

from __future__ import annotations

import datetime
import os
import signal
import sys
import time

import torch
import torch.distributed as dist

from steadygan.errors import RunError
from steadygan.training.processes import watchdog
from steadygan.training.processes.launch import joined
from tests.training import forked

WAYS = ("first killed", "last killed", "last failed", "last done", "first busy", "first busy, and waited for")


def main(way: str) -> None:
    """What one of the processes does."""
    watchdog.GRACE = 10.0 if "busy" in way else 0.5
    with joined(torch.device("cpu")) as world:
        world.barrier()
        if "busy" in way:
            dist.distributed_c10d._set_pg_timeout(datetime.timedelta(seconds=0.5), dist.group.WORLD)
            time.sleep(2.0 if world.first else 0.0)
            try:
                world.barrier(patient="waited" in way)
            except RunError:
                os._exit(4)
            return
        if way.startswith("first" if world.first else "last") and world.rank in (0, 2):
            if way.endswith("killed"):
                os.kill(os.getpid(), signal.SIGKILL)
            if way.endswith("failed"):
                sys.exit(3)
            return
        time.sleep(2.0 if way.endswith("done") else 60.0)


if __name__ == "__main__":
    for way in WAYS:
        processes = forked.started(3, "left", [way])
        for process in processes:
            process.join()
        print(way, *(process.exitcode for process in processes), flush=True)
