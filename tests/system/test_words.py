"""Numbers, durations and sizes in words."""

from __future__ import annotations

import pytest

from steadygan.system.words import REPLACEMENT, byte_size, count, counted, duration, number, visible


@pytest.mark.parametrize(
    ("value", "said"),
    [(-1.234, "-1.23"), (1.2, "1.20"), (0.012, "0.0120"), (99.96, "100"), (1234.4, "1234"), (1.2e-5, "1.2e-05")],
)
def test_numbers_have_three_significant_digits(value: float, said: str) -> None:
    assert number(value) == said


def test_zero_and_what_is_not_finite_have_names() -> None:
    assert [number(v) for v in (0.0, float("nan"), float("-inf"))] == ["0", "nan", "-inf"]


@pytest.mark.parametrize(("number", "said"), [(0, "0 rounds"), (1, "1 round"), (1_200, "1,200 rounds")])
def test_what_is_counted_is_plural_unless_it_is_one(number: int, said: str) -> None:
    assert counted(number, "round") == said


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


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0 B"), (512, "512 B"), (999.7, "1 kB"), (50_000, "50 kB"), (245_760, "246 kB"), (1.55e9, "1.6 GB")],
)
def test_sizes_are_in_decimal_units(value: float, said: str) -> None:
    assert byte_size(value) == said


def test_what_cannot_be_printed_is_replaced() -> None:
    said = f"a{REPLACEMENT}[31m{REPLACEMENT}b{REPLACEMENT}c d"
    assert visible("a\x1b[31m\u202eb\tc d") == said
    assert visible("broken \udcff name\n", "?") == "broken ? name?"
