"""Overhead of a run beyond its steps."""

from __future__ import annotations

import pytest
import torch

from benchmarks.speed import overhead
from benchmarks.speed.overhead import PARTS, Spent
from benchmarks.speed.timing import Watch


def test_a_nested_part_is_not_counted_with_the_outer_one():
    now = 0.0
    spent = Spent(lambda: now)
    with spent.on("checkpoints"):
        now += 3.0
        with spent.on("evaluations"):
            now += 5.0
        now += 1.0
    with spent.on("checkpoints"):
        now += 0.5
    assert spent.seconds["checkpoints"] == 4.5 and spent.seconds["evaluations"] == 5.0
    assert spent.seconds["data"] == 0.0


@pytest.mark.slow
def test_a_real_training_says_where_its_time_went():
    found = overhead.measure("digits", 0.02, "fp32", "eager", Watch(torch.device("cpu")), width=2)
    assert found["title"].startswith("WGAN-GP, DCGAN-32 on digits, width 2")
    assert found["rounds"] >= 1
    assert set(found["seconds_by_part"]) == set(PARTS)
    assert all(seconds > 0 for seconds in found["seconds_by_part"].values())
    assert sum(found["seconds_by_part"].values()) < found["seconds"]
    assert found["shares"]["data"] == found["seconds_by_part"]["data"] / found["seconds"]
