"""The order of samples over epochs, as a function of the position."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygan.data import sample_indices


@given(
    seed=st.integers(-(2**63), 2**64 - 1),
    size=st.integers(1, 40),
    start=st.integers(0, 200),
    count=st.integers(0, 100),
)
def test_any_slice_equals_the_same_slice_of_the_whole_sequence(seed: int, size: int, start: int, count: int) -> None:
    whole = sample_indices(seed, 0, 300, size)
    assert np.array_equal(sample_indices(seed, start, count, size), whole[start : start + count])


@given(seed=st.integers(0, 1000), size=st.integers(1, 60), epoch=st.integers(0, 5))
def test_every_epoch_shows_each_sample_once(seed: int, size: int, epoch: int) -> None:
    indices = sample_indices(seed, epoch * size, size, size)
    assert indices.dtype == np.int64
    assert sorted(indices) == list(range(size))


def test_epochs_and_seeds_have_different_orders() -> None:
    orders = [tuple(sample_indices(seed, epoch * 100, 100, 100)) for seed in range(5) for epoch in range(5)]
    assert len(set(orders)) == 25


def test_positions_are_uniform_over_epochs() -> None:
    """The first sample of an epoch is each of 8 about equally often: chi-square below its 99.9% point."""
    first = [int(sample_indices(7, 8 * epoch, 1, 8)[0]) for epoch in range(2000)]
    expected = 2000 / 8
    assert sum((count - expected) ** 2 / expected for count in np.bincount(first, minlength=8)) < 24.3


def test_the_order_is_the_one_of_earlier_versions() -> None:
    assert sample_indices(0, 0, 12, 5).tolist() == [1, 0, 2, 3, 4, 4, 1, 0, 3, 2, 0, 3]


def test_the_result_can_be_written_to_without_changing_later_ones() -> None:
    indices = sample_indices(3, 0, 10, 10)
    kept = indices.copy()
    indices[:] = 0
    assert np.array_equal(sample_indices(3, 0, 10, 10), kept)


@pytest.mark.parametrize(("start", "count", "size"), [(-1, 1, 1), (0, -1, 1), (0, 1, 0)])
def test_nonsense_is_refused(start: int, count: int, size: int) -> None:
    with pytest.raises(ValueError, match="cannot order"):
        sample_indices(0, start, count, size)
