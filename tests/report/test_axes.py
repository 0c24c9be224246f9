"""Axes of charts: ticks and scales."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygan.report.axes import Axis


def test_values_fall_linearly_between_the_ends() -> None:
    axis = Axis(-1, 1, 100, 0)
    assert axis.place(np.array([-1.0, 0.0, 1.0])).tolist() == [100, 50, 0]
    assert np.isnan(axis.place(np.array([np.nan, np.inf]))).all()


def test_a_log_axis_gives_each_decade_the_same_length() -> None:
    axis = Axis(0.01, 100, 0, 40, log=True)
    assert axis.place(np.array([0.1, 1.0, 10.0])) == pytest.approx([10, 20, 30])
    assert np.isnan(axis.place(np.array([0.0, -1.0]))).all()


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_ticks_lie_inside_and_are_neither_many_nor_few(low: float, length: float) -> None:
    axis = Axis.around(low, low + length, 0, 100)
    values = [value for value, _ in axis.ticks()]
    assert 2 <= len(values) <= 8
    assert values == sorted(values)
    slack = 1e-6 * (axis.high - axis.low)
    assert all(axis.low - slack <= value <= axis.high + slack for value in values)


@given(st.floats(-12, 12), st.floats(0.05, 12))
def test_log_ticks_lie_inside_too(low: float, decades: float) -> None:
    axis = Axis.around(10**low, 10 ** (low + decades), 0, 100, log=True)
    values = [value for value, _ in axis.ticks()]
    assert 2 <= len(values) <= 10
    assert all(axis.low * 0.999999 <= value <= axis.high * 1.000001 for value in values)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 100_000, ["0", "20k", "40k", "60k", "80k", "100k"]),
        (0, 2e6, ["0", "0.5M", "1M", "1.5M", "2M"]),
        (-0.5, 1, ["-0.5", "0", "0.5", "1.0"]),
        (0, 1e-4, ["0", "2e-05", "4e-05", "6e-05", "8e-05", "0.0001"]),
    ],
)
def test_labels_are_short_and_of_one_style(low: float, high: float, labels: list[str]) -> None:
    assert [label for _, label in Axis(low, high, 0, 1).ticks()] == labels


def test_labels_of_a_log_axis_are_powers_of_ten() -> None:
    assert [label for _, label in Axis(0.009, 2e4, 0, 1, log=True).ticks(8)] == [
        "0.01",
        "0.1",
        "1",
        "10",
        "100",
        "1000",
        "10k",
    ]


@pytest.mark.parametrize("value", [0.0, 5.0, -1e-8, 1e30])
def test_one_value_alone_still_has_an_axis_around_it(value: float) -> None:
    axis = Axis.around(value, value, 0, 100)
    assert axis.low < value < axis.high
    assert axis.place(np.array([value])) == pytest.approx([50])
