"""A module of these tests in several processes: ``python -m tests.training.forked SIZE MODULE ARGUMENT …``.

Each has torchrun's variables and calls the module's ``main`` with the arguments. They are forked from one process that
has imported the module: importing takes longer than most tests.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import socket
import sys
from multiprocessing.process import BaseProcess

import torch


def started(size: int, module: str, arguments: list[str]) -> list[BaseProcess]:
    """The processes."""
    torch.set_num_threads(1)
    main = importlib.import_module(f"tests.training.{module}").main
    if any(argument.startswith("traced: ") for argument in arguments):
        torch.compile(torch.sin, backend="aot_eager")(torch.zeros(1))  # loads the compiler, once for all
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}

    def part(rank: int) -> None:
        os.environ.update(shared, RANK=str(rank), LOCAL_RANK=str(rank))
        main(*arguments)

    fork = multiprocessing.get_context("fork")
    processes: list[BaseProcess] = [fork.Process(target=part, args=(rank,)) for rank in range(size)]
    for process in processes:
        process.start()
    return processes


if __name__ == "__main__":
    processes = started(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
    for process in processes:
        process.join()
    sys.exit(int(any(process.exitcode for process in processes)))
