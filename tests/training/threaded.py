"""A world of threads: processes of a run as threads of one, for what does not hang on processes being processes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import torch

from steadygan.errors import RunError
from steadygan.training.processes.failures import lost_process_message
from steadygan.training.processes.world import World
from steadygan.training.step.game import Game


class Meeting:
    """Where threads exchange values; one that leaves ends the waiting of the others for what it did not give."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.given: list[dict[int, Any]] = []
        """of each exchange, by rank"""
        self.counts = [0] * size
        self.changed = threading.Condition()
        self.left = False

    def exchange(self, rank: int, value: Any) -> list[Any]:
        with self.changed:
            number = self.counts[rank]
            self.counts[rank] += 1
            if number == len(self.given):
                self.given.append({})
            values = self.given[number]
            values[rank] = value
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.left or len(values) == self.size, timeout=60)
            if len(values) < self.size:
                raise RunError(lost_process_message("a thread has left"))
            return [values[other] for other in range(self.size)]

    def leave(self) -> None:
        with self.changed:
            self.left = True
            self.changed.notify_all()


@dataclass(frozen=True)
class Threads(World):
    """One of several threads; its collective operations are those of processes, but for batch norms."""

    meeting: Meeting = field(default_factory=lambda: Meeting(1))

    def all_gather_object(self, value):
        return self.meeting.exchange(self.rank, value)

    def broadcast(self, value):
        return self.all_gather_object(value)[0]

    def barrier(self, *, patient=False):
        self.all_gather_object(None)

    def all_reduce(self, tensor):
        return torch.stack(self.all_gather_object(tensor.detach().clone())).sum(0)

    def all_reduce_gradients(self, parameters):
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.copy_(self.all_reduce(parameter.grad))

    def all_gather(self, rows, *, with_gradient=False):
        parts = self.all_gather_object(rows.detach().clone())
        if with_gradient:
            parts[self.rank] = rows
        return torch.cat(parts)


def together(size: int, work: Callable[[World], Any]) -> list[Any]:
    """What work gives in each of so many threads, or the error that it ends by."""
    meeting, ended = Meeting(size), [None] * size
    usual, one_at_a_time = Game.build, threading.Lock()

    def build(*arguments: Any, **named: Any) -> Game:
        with one_at_a_time:  # weights are drawn from torch's one generator
            return usual(*arguments, **named)

    def part(rank: int) -> None:
        try:
            ended[rank] = work(Threads(rank, size, meeting=meeting))
        except BaseException as error:
            ended[rank] = error
            meeting.leave()

    threads = [threading.Thread(target=part, args=(rank,)) for rank in range(size)]
    with mock.patch.object(Game, "build", build):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return ended
