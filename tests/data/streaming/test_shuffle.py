"""The shuffled order of a stream by lanes of row groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygan.data.streaming.shuffle import LaneOrder


def order_of(sizes: list[int], window: int) -> LaneOrder:
    return LaneOrder(np.array(sizes), window)


def walked(order: LaneOrder, seed: int, steps: int, batch: int, unit: int | None = None) -> np.ndarray:
    """The pictures [steps, batch] of the first steps."""
    return np.stack([order.indices(seed, i * batch, batch, unit or batch) for i in range(steps)])


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=30),
    more=st.integers(0, 60),
    unit=st.integers(1, 12),
    seed=st.integers(0, 99),
)
def test_an_epoch_shows_no_picture_twice_and_leaves_out_fewer_than_there_are_lanes(
    sizes: list[int], more: int, unit: int, seed: int
) -> None:
    order = order_of(sizes, max(sizes) + more)
    lanes = order.lanes(unit)
    assert unit % lanes == 0
    length = sum(sizes) // lanes
    for epoch in range(2):
        seen = [order.indices(seed, (epoch * length + i) * lanes, lanes, lanes) for i in range(length)]
        together = np.concatenate(seen)
        assert len(set(together.tolist())) == len(together) > sum(sizes) - lanes
        assert together.min() >= 0 and together.max() < sum(sizes)


@given(seed=st.integers(0, 2**63), start=st.integers(0, 40), counts=st.lists(st.integers(1, 5), max_size=4))
def test_lanes_are_walked_alike_however_the_steps_are_cut(seed: int, start: int, counts: list[int]) -> None:
    order, unit = order_of([7, 5, 9, 8, 3, 9, 9, 4, 6, 9], 40), 4
    lanes = order.lanes(unit)
    assert lanes == 2
    single = [order.indices(seed, (start + i) * unit, unit, unit).reshape(lanes, -1) for i in range(sum(counts))]
    at = start
    for count in counts:
        step = order.indices(seed, at * unit, count * unit, unit).reshape(lanes, -1)
        assert np.array_equal(step, np.concatenate(single[at - start : at - start + count], axis=1))
        at += count


def test_seeds_and_epochs_have_different_orders() -> None:
    order = order_of([10] * 20, 200)
    firsts = {tuple(order.indices(seed, epoch * 200, 50, 50)) for seed in range(4) for epoch in range(4)}
    assert len(firsts) == 16


def test_the_first_picture_is_each_one_about_equally_often() -> None:
    """Over 6,000 epochs: chi-square of 24 pictures below its 99.9% point."""
    order = order_of([6] * 4, 12)
    first = [int(order.indices(3, 24 * epoch, 1, 1)[0]) for epoch in range(6_000)]
    assert ((np.bincount(first, minlength=24) - 250) ** 2 / 250).sum() < 49.7


def test_a_row_group_is_in_use_for_no_longer_than_its_window() -> None:
    """The most pictures that are buffered at any time: those of groups that were started and not finished."""
    order = order_of([10] * 64, 160)
    assert order.lanes(16) == 8
    steps = walked(order, 5, 40, 16)
    groups = steps // 10
    first = {group: int((groups == group).any(axis=1).argmax()) for group in np.unique(groups)}
    last = {group: 39 - int((groups == group).any(axis=1)[::-1].argmax()) for group in first}
    for step in range(40):
        in_use = [group for group in first if first[group] <= step <= last[group]]
        assert sum(order.sizes[group] for group in in_use) <= 160 + 8 * 10  # and where lanes go on to the next one


def test_a_batch_comes_from_as_many_row_groups_as_there_are_lanes() -> None:
    order = order_of([10] * 200, 320)
    for step in walked(order, 0, 5, 64):
        assert len({index // 10 for index in step.tolist()}) >= order.lanes(64) == 16


def test_equal_parts_of_each_step_come_from_row_groups_of_their_own() -> None:
    order = order_of([10] * 200, 320)
    steps = walked(order, 1, 31, 64)  # an epoch
    parts = [{index // 10 for index in steps[:, part].ravel().tolist()} for part in np.split(np.arange(64), 4)]
    shared = [len(one & other) for i, one in enumerate(parts) for other in parts[:i]]
    assert sum(shared) <= 3  # the groups that lie across the borders of two processes
    assert all(45 <= len(part) <= 55 for part in parts)


def test_lanes_do_not_begin_their_windows_at_the_same_step() -> None:
    order = order_of([4] * 400, 128)
    steps = walked(order, 2, 90, 16).reshape(90, order.lanes(16), -1)
    groups = steps // 4
    new = [[len(set(groups[i, lane]) - set(groups[:i, lane].ravel())) for lane in range(16)] for i in range(2, 90)]
    assert max(map(sum, new)) <= 30  # of 64 groups in a window of all lanes


@pytest.mark.parametrize(
    ("unit", "window", "lanes"),
    [(64, 8_192, 32), (64, 1_000, 4), (64, 150, 1), (30, 8_192, 30), (7, 8_192, 7), (97, 8_192, 1)],
)
def test_there_are_as_many_lanes_as_the_batch_and_the_window_allow(unit: int, window: int, lanes: int) -> None:
    assert order_of([100] * 500, window).lanes(unit) == lanes


@pytest.mark.parametrize(("start", "count", "unit"), [(3, 4, 4), (0, 3, 4), (-4, 4, 4), (0, 4, 0)])
def test_steps_that_the_unit_does_not_divide_are_refused(start: int, count: int, unit: int) -> None:
    with pytest.raises(ValueError, match="cannot order"):
        order_of([10] * 4, 20).indices(0, start, count, unit)


def test_the_order_is_the_one_of_earlier_versions() -> None:
    order = order_of([3, 4, 5, 3, 4, 5], 20)
    found = [order.indices(1, start, 6, 2).tolist() for start in (0, 6, 24)]
    assert found == [[1, 0, 2, 18, 17, 16], [21, 20, 12, 5, 4, 3], [12, 13, 14, 11, 7, 8]]
