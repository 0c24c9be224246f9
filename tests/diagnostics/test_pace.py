"""Sags of a run's speed: what they cost by hand, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from steadygan.diagnostics.pace import sagging


def record(speeds: list[float], every: int = 10, steps: int = 5) -> list[dict[str, Any]]:
    """Rows after each ``every`` rounds that took so many seconds each."""
    rows, seconds = [{"round": 0, "critic_steps": 0, "seconds": 0.0}], 0.0
    for index, spent in enumerate(speeds, start=1):
        seconds += spent
        rows.append({"round": every * index, "critic_steps": steps * every * index, "seconds": seconds})
    return rows


def test_a_sag_is_told_with_what_it_cost() -> None:
    found = sagging(record([1.0] * 10 + [4.0] * 5 + [1.0] * 5))
    assert found is not None
    assert found.lost == pytest.approx(15 / 35) and found.slowest == pytest.approx(0.25)
    assert (found.first, found.last) == (100, 150)
    assert "43%" in str(found) and "rounds 100 and 150" in str(found)


def test_single_slow_intervals_small_losses_and_short_runs_are_none() -> None:
    assert sagging(record([1.0] * 10 + [9.0] + [1.0] * 10)) is None
    assert sagging(record([1.0] * 200 + [3.0] * 2 + [1.0] * 10)) is None
    assert sagging(record([1.0, 1.0, 9.0, 9.0, 1.0])) is None
    assert sagging([]) is None
    assert sagging([{"round": index, "seconds": None} for index in range(50)]) is None


def test_work_between_rounds_is_none() -> None:
    spent = [1.0] * 6 + [5.0, 5.0] + [1.0] * 6
    assert sagging(record(spent)) is not None
    assert sagging(record(spent), [60, 70]) is None  # after the rounds at which these intervals begin
    assert sagging(record(spent), [65, 79]) is None  # within them
    assert sagging(record(spent), [50, 80]) is not None


def test_warm_ups_of_the_critic_are_no_sag() -> None:
    rows = record([1.0] * 20)
    for row in rows[:6]:
        row["critic_steps"] = 25 * row["round"]
    for index, row in enumerate(rows[6:], start=1):
        row["critic_steps"] = rows[5]["critic_steps"] + 50 * index
    for row in rows:
        row["seconds"] = row["critic_steps"] / 50
    assert sagging(rows) is None


def test_a_run_that_went_back_or_stood_still_does_not_disturb() -> None:
    rows = record([1.0] * 12)
    assert sagging([*rows[:8], *rows[5:]]) is None
