"""Interleaved timing."""

from __future__ import annotations

import itertools

import pytest
import torch

from benchmarks.speed.timing import Timed, Timing, Watch, interleaved, ratios
from steadygan.errors import UsageError


class Steps:
    """Sides whose rounds take as long as they are said to."""

    def __init__(self, **seconds):
        self.order = []
        self.sides = {name: self._side(name, time) for name, time in seconds.items()}

    def _side(self, name, seconds):
        def measured(rounds):
            self.order.extend([name] * rounds)
            return seconds

        return measured


def test_sides_are_measured_in_turn_and_every_other_repeat_backwards():
    steps = Steps(slow=1.0, quick=0.25)
    found = interleaved(steps.sides, repeats=2, seconds=0.5)
    assert found["slow"] == Timed(1.0, (1.0, 1.0)) and found["quick"].times == (0.25, 0.25)
    runs = [name for name, _ in itertools.groupby(steps.order[4:])]
    assert steps.order[:4] == ["slow", "slow", "quick", "quick"]
    assert runs == ["slow", "quick", "slow"]
    assert steps.order[4:].count("quick") == 4  # two rounds a measurement fill half a second


def test_a_ratio_is_that_of_the_medians_with_the_range_of_neighbours():
    assert ratios([2.0, 9.0, 3.0], [1.0, 2.0, 1.5]) == (2.0, (2.0, 4.5))


def test_a_side_is_disturbed_where_its_repeats_are_far_apart():
    assert Timing(1.0, 0.9, 1.5).disturbed and not Timing(1.0, 0.9, 1.3).disturbed


def test_the_processors_clock_is_for_processors():
    assert Watch(torch.device("cpu"), "cpu").seconds(lambda: sum(range(100_000)), 2) > 0
    with pytest.raises(UsageError, match="--clock cpu counts the processor's time, and the device is cuda"):
        Watch(torch.device("cuda"), "cpu")
