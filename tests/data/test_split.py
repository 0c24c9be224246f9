"""The split into training and held-out samples."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygan.data.split import MOST_HELD_OUT, choose_held_out


def digests(count: int) -> list[bytes]:
    return [hashlib.blake2b(str(place).encode(), digest_size=16).digest() for place in range(count)]


@pytest.mark.parametrize(
    ("count", "share", "expected"), [(16, 0.1, 2), (100, 0.1, 10), (100, 0.001, 1), (1797, 0.1, 180), (101, 0.5, 50)]
)
def test_the_share_is_kept_aside_and_at_least_one(count: int, share: float, expected: int) -> None:
    assert choose_held_out(digests(count), share).sum() == expected


def test_at_most_ten_thousand_are_held_out() -> None:
    assert choose_held_out(digests(120_000), 0.1).sum() == MOST_HELD_OUT


@given(st.permutations(range(30)))
def test_the_choice_depends_on_content_and_not_on_order(order: list[int]) -> None:
    all_of_them = digests(30)
    chosen = {all_of_them[place] for place in np.flatnonzero(choose_held_out(all_of_them, 0.2))}
    shuffled = [all_of_them[place] for place in order]
    assert {shuffled[place] for place in np.flatnonzero(choose_held_out(shuffled, 0.2))} == chosen


@given(st.lists(st.integers(0, 12), min_size=2, max_size=60), st.floats(0.01, 0.5))
def test_copies_are_on_one_side(contents: list[int], share: float) -> None:
    some = digests(13)
    mask = choose_held_out([some[content] for content in contents], share)
    assert 1 <= mask.sum() <= max(1, round(share * len(contents)))
    held_out = {content for content, held in zip(contents, mask, strict=True) if held}
    trained = {content for content, held in zip(contents, mask, strict=True) if not held}
    fits = min(contents.count(content) for content in set(contents)) <= max(1, round(share * len(contents)))
    if fits:
        assert not held_out & trained


def test_a_few_more_samples_change_the_choice_of_a_few() -> None:
    before = set(np.flatnonzero(choose_held_out(digests(1000), 0.1)))
    after = set(np.flatnonzero(choose_held_out(digests(1010), 0.1)))
    assert len(before & after) >= 98


def test_what_is_skipped_is_never_chosen() -> None:
    skip = set(range(0, 100, 2))
    chosen = set(np.flatnonzero(choose_held_out(digests(100), 0.1, skip)))
    assert len(chosen) == 5
    assert not chosen & skip


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=60), st.floats(0.01, 0.5))
def test_what_training_sees_is_on_one_side(contents: list[tuple[int, int]], share: float) -> None:
    some = digests(20)
    stored, seen = [some[one] for one, _ in contents], [some[10 + two] for _, two in contents]
    mask = choose_held_out(stored, share, samples=seen)
    for hashes in (stored, seen):
        held_out = {each for each, held in zip(hashes, mask, strict=True) if held}
        assert not held_out & {each for each, held in zip(hashes, mask, strict=True) if not held}


@given(st.lists(st.integers(0, 50), min_size=2, max_size=60), st.floats(0.01, 0.5))
def test_samples_that_are_stored_alike_change_nothing(contents: list[int], share: float) -> None:
    some = digests(51)
    stored = [some[content] for content in contents]
    plain = choose_held_out(stored, share)
    by_samples = choose_held_out(stored, share, samples=stored)
    wanted = max(1, round(share * len(contents)))
    if min(contents.count(content) for content in contents) <= wanted:
        assert np.array_equal(plain, by_samples)
    else:
        assert by_samples.sum() == (min(map(contents.count, contents)) if len(set(contents)) > 1 else 0)
