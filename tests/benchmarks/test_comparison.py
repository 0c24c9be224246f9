"""Measuring a case: the number of CPU threads on each side."""

from __future__ import annotations

import contextlib

import pytest
import torch

from benchmarks.speed import comparison
from benchmarks.speed.comparison import Settings
from benchmarks.speed.plain import plain_round
from benchmarks.speed.table import cases
from benchmarks.speed.timing import Watch
from steadygan.system.threads import restored_threads
from tests.benchmarks.small import small

CPU = torch.device("cpu")


@pytest.fixture
def two(monkeypatch):
    """Two threads, and a plain loop without a process of its own, whose start takes seconds."""

    @contextlib.contextmanager
    def plain(case, watch, *, ordinary):
        run = plain_round(case, watch.device, ordinary=ordinary)
        yield lambda rounds: watch.seconds(run, rounds)

    monkeypatch.setattr(comparison, "plain_in_own_process", plain)
    with restored_threads(2):
        yield


@pytest.mark.slow
@pytest.mark.parametrize(("own", "expected"), [(True, 1), (False, 2)])
def test_engines_have_the_threads_of_a_run_where_that_is_asked_for(own, expected, two, monkeypatch):
    seen = set()

    def timed(setup, engine, **kwargs):
        return None

    def chosen(recipe, measure):
        assert recipe.run.threads is None and measure() is None
        torch.set_num_threads(1)  # as the real one leaves it
        return 1, None

    def prepared(*args):
        return lambda: seen.add(torch.get_num_threads()), 0.0

    monkeypatch.setattr(comparison, "measure_speed", timed)
    monkeypatch.setattr(comparison, "choose_threads", chosen)
    monkeypatch.setattr(comparison, "prepared", prepared)
    settings = Settings(Watch(CPU), True, 2, 0.0, memory=False, product_side=8, own_threads=own)
    entry = comparison.measure(small("mlp-small"), "fp32", ["eager"], settings)
    assert seen == {expected} and torch.get_num_threads() == 2
    assert {name: side["threads"] for name, side in entry["sides"].items()} == {"plain": 2, "eager": expected}
    (_, row) = list(cases([entry]).columns)[2].cells
    assert row == ("eager, 1 thread" if own else "eager")


@pytest.mark.slow
def test_the_threads_of_a_run_are_found_by_measuring(two):
    """And the count of before is there again."""
    settings = Settings(Watch(CPU), True, 2, 0.0, memory=False, product_side=8, own_threads=True)
    entry = comparison.measure(small("mlp-small"), "fp32", ["eager"], settings)
    assert entry["sides"]["eager"]["threads"] in (1, 2) and torch.get_num_threads() == 2
