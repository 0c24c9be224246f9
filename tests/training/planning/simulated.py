"""Runs with a time limit by a clock that only they move, on a machine whose speed is a function of the time.

What a run does and in which order is as the trainer has it; how long that takes is made up.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import NamedTuple

from steadygan.recipe import Recipe
from steadygan.timeline import Replan
from steadygan.training.planning.budget import Budget, Planner
from steadygan.training.planning.costs import CHECKPOINT_SECONDS, EXIT_SECONDS, PICTURE_SECONDS
from steadygan.training.planning.due import Between
from steadygan.training.planning.timing import Timing


class Hand:
    """A clock that the simulation moves: work takes its time on a free machine, times how busy it is meanwhile."""

    def __init__(self, busy: Callable[[float], float], now: float = 0.0) -> None:
        self.now, self._busy = now, busy

    def __call__(self) -> float:
        return self.now

    def work(self, seconds: float) -> None:
        """Passes the time of work that takes so many seconds on a free machine."""
        while seconds > 0:
            part = min(seconds, 0.05)
            self.now += part * self._busy(self.now)
            seconds -= part


class Ended(NamedTuple):
    seconds: float
    """of the whole command"""
    recipe: Recipe
    """with its re-plans"""


def simulated(
    recipe: Recipe,
    seconds: float,
    busy: Callable[[float], float],
    *,
    a_step: float,
    costs: dict[Between, float],
    before: float = 0.0,
    evaluates: bool = True,
) -> Ended:
    """A run.

    Args:
        recipe: with all intervals, and the rounds of its first plan
        seconds: its limit
        busy: factor of all times, by the time
        a_step: seconds of a step of either player on a free machine
        costs: seconds of what stands between rounds, and of the end, on a free machine
        before: seconds of the command until its first round
        evaluates: samples are evaluated
    """
    clock = Hand(busy, before)
    planner = Planner(Budget(seconds, 0.0, clock=clock))
    guessed: dict[Between, float] = {
        "picture": PICTURE_SECONDS,
        "evaluation": costs["evaluation"],  # an evaluation was timed before
        "checkpoint": CHECKPOINT_SECONDS,
        "replan": CHECKPOINT_SECONDS,
        "ending": EXIT_SECONDS,
    }
    timing = Timing(recipe, evaluates=evaluates, expected=guessed, clock=clock)
    run, done, look = recipe.run, 0, 1
    assert run.log_every and run.picture_every and run.checkpoint_every and run.evaluate_every
    while done < recipe.rounds:
        clock.work(a_step * sum(recipe.counts(done)))
        done += 1
        last = done == recipe.rounds
        if last or done == 1 or done % run.log_every == 0:
            timing.after(done)
        if last or done % run.picture_every == 0 or (done < run.picture_every and done & (done - 1) == 0):
            with timing.aside("picture"):
                clock.work(costs["picture"])
            timing.took("ending", EXIT_SECONDS + (costs["ending"] - EXIT_SECONDS) * busy(clock.now))
        evaluated = evaluates and (last or done % run.evaluate_every == 0)
        saved = last or done % run.checkpoint_every == 0
        if evaluated or saved:
            kind: Between = "evaluation" if evaluated else "checkpoint"
            with timing.aside(kind):
                clock.work(costs[kind])
        if done >= look and not last:
            seen = planner.look(timing, recipe, done)
            look = seen.following
            if seen.rounds is not None:
                with timing.aside("replan"):
                    clock.work(0.0 if evaluated or saved else costs["checkpoint"])
                replan = Replan(done, recipe.rounds, seen.rounds)
                recipe = dataclasses.replace(recipe, rounds=seen.rounds, replans=(*recipe.replans, replan))
                timing.replanned(recipe)
    clock.work(costs["ending"])
    return Ended(clock.now, recipe)


def comes_and_goes(
    seed: int, shortest: float = 3.0, longest: float = 20.0, most: float = 3.0
) -> Callable[[float], float]:
    """How busy a machine is on which others work for spells of so many seconds: 1, or a factor up to ``most``."""
    draw = random.Random(seed)
    edges, factors, there = [0.0], list[float](), draw.random() < 0.5
    while edges[-1] < 4 * 3600:
        factors.append(draw.uniform(1.3, most) if there else 1.0)
        edges.append(edges[-1] + draw.uniform(shortest, longest))
        there = not there
    last = 0

    def busy(now: float) -> float:
        nonlocal last
        if now < edges[last]:
            last = 0
        while now >= edges[last + 1]:
            last += 1
        return factors[last]

    return busy
