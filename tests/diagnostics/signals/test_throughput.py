"""Throughput: a steady run, one slow stretch of known length, and a resumed run."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.diagnostics.signals import throughput
from steadygan.errors import UsageError


def test_a_steady_run_has_no_sag() -> None:
    result = throughput(np.arange(0, 110, 10), np.arange(11.0))
    assert result == (10.0, 0.0, 1.0, 0.0, None)


def test_one_slow_interval_by_hand() -> None:
    seconds = np.cumsum([0, 1, 1, 1, 5, 1, 1, 1, 1, 1.0])  # the fourth interval takes 5 s instead of 1
    result = throughput(np.arange(10) * 10, seconds)
    assert result.typical == 10 and result.sags == pytest.approx(1 / 9)
    assert result.slowest == pytest.approx(0.2) and result.lost == pytest.approx(4 / 13) and result.first == 40


def test_intervals_of_unequal_length_are_compared_by_speed() -> None:
    assert throughput([0, 10, 110, 112], [0, 1, 11, 11.2]).sags == 0


def test_what_lies_just_above_the_limit_is_no_sag() -> None:
    seconds = np.cumsum([0, 1, 1, 1, 2.0])
    assert throughput(range(5), seconds, below=0.5).sags == 0
    assert throughput(range(5), seconds, below=0.51).first == 4


def test_a_resumed_run_may_go_back() -> None:
    result = throughput([0, 10, 20, 30, 20, 30, 40], [0, 1, 2, 3, 3.5, 4.5, 5.5])
    assert result == (10.0, 0.0, 1.0, 0.0, None)


@pytest.mark.parametrize(
    ("rounds", "seconds", "said"),
    [
        ([1, 2, 3], [1, 2], r"shapes \[3\] and \[2\]"),
        ([1, 2, np.nan, 4], [1, 2, 3, 4], "finite"),
        ([1, 2, 3], [1, 2, 3], "at least 3 intervals"),
        ([1, 1, 1, 1, 1], [1, 2, 3, 4, 5], "rise; got 0"),
    ],
)
def test_bad_input_is_one_clear_line(rounds: list[float], seconds: list[float], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        throughput(rounds, seconds)
