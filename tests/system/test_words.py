from __future__ import annotations

import pytest

from steadygan.system.words import count, duration, number


@pytest.mark.parametrize(
    ("value", "said"),
    [(-1.234, "-1.23"), (1.2, "1.20"), (0.012, "0.0120"), (99.96, "100"), (1234.4, "1234"), (1.2e-5, "1.2e-05")],
)
def test_numbers_have_three_significant_digits(value: float, said: str) -> None:
    assert number(value) == said


def test_zero_and_what_is_not_finite_have_names() -> None:
    assert [number(v) for v in (0.0, float("nan"), float("-inf"))] == ["0", "nan", "-inf"]


@pytest.mark.parametrize(("value", "said"), [(940, "940"), (12_345, "12.3k"), (999_999, "1.0M"), (3.2e9, "3.2G")])
def test_counts_fold_their_thousands(value: float, said: str) -> None:
    assert count(value) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "0 s"), (-3, "0 s"), (89, "89 s"), (90, "2 min"), (5399, "1 h 30 min"), (187_200, "2 d 4 h")],
)
def test_durations_have_at_most_two_units(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_an_endless_duration_is_unknown() -> None:
    assert duration(float("inf")) == duration(float("nan")) == "unknown time"
