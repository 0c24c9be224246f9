"""When a training is looked at: how often, how early, and that all looks together are a small share of the work."""

from __future__ import annotations

from itertools import pairwise

import pytest

from steadygan.diagnostics.schedule import EARLY, LOOKS, SHARE, Schedule, growing, schedule


def test_a_long_run_has_40_looks_12_of_them_early_and_geometric() -> None:
    made = schedule(100_000, 1.0, 5.0)
    assert len(made.rounds) == LOOKS and made.rounds[-1] == 100_000
    spaced = 100_000 / (LOOKS - EARLY)
    early = [round_ for round_ in made.rounds if round_ < spaced - 1]
    assert len(early) == EARLY and early[0] == 200
    factors = [b / a for a, b in pairwise(early)]
    assert max(factors) / min(factors) < 1.02
    steps = [b - a for a, b in pairwise(made.rounds[EARLY:])]
    assert max(steps) - min(steps) <= 1
    assert made.deep == {*made.rounds[3::4], 100_000}


@pytest.mark.parametrize("rounds", [1, 2, 3, 7, 20, 99, 1_000, 12_345])
@pytest.mark.parametrize("look", [0.01, 0.3, 1.0, 7.0, 90.0])
def test_looks_never_take_more_than_their_share_of_the_work(rounds: int, look: float) -> None:
    made = schedule(rounds, 1.0, look, deep_work=look / 2, once=2 * look)
    cost = len(made.rounds) * look + len(made.deep) * look / 2 + (2 * look if made.rounds else 0)
    assert cost <= SHARE * rounds
    assert list(made.rounds) == sorted(set(made.rounds)) and all(1 <= round_ <= rounds for round_ in made.rounds)
    assert made.deep <= set(made.rounds)
    assert not made.rounds or made.rounds[-1] == rounds


def test_more_work_of_a_round_never_means_fewer_looks() -> None:
    counts = [len(schedule(1_000, work, 10.0).rounds) for work in (0.1, 0.5, 1.0, 2.0, 5.0, 50.0)]
    assert counts == sorted(counts) and counts[0] == 0 and counts[-1] >= LOOKS - 1


def test_looks_are_counted_between_rounds() -> None:
    made = Schedule((2, 5, 9), frozenset({9}))
    assert [round_ for round_ in range(12) if made.due(round_)] == [2, 5, 9]
    for first in range(12):
        for last in range(first, 12):
            assert made.between(first, last) == sum(first <= round_ <= last for round_ in (2, 5, 9))


def test_looks_at_a_training_of_unknown_length_grow_apart() -> None:
    rounds, last = [], 0
    while last < 10_000:
        last = growing(last, last)
        rounds.append(last)
    assert rounds[0] == 16 and rounds == sorted(set(rounds)) and 20 < len(rounds) < 40


def test_a_short_training_has_plain_looks_in_place_of_fewer_deep_ones() -> None:
    def looks(rounds: int) -> Schedule:
        return schedule(rounds, 1.0, 1.0, deep_work=9.0, once=2.0, share=0.1)

    assert [len(looks(rounds).rounds) for rounds in (30, 59, 60, 100, 150)] == [0, 0, 4, 8, 8]
    assert not any(looks(rounds).deep for rounds in (60, 100))
    assert looks(200).deep == {200}  # 8 looks and 9 more for the last one are within 20 - 2
    long = looks(2_000)
    assert len(long.rounds) > 8 and long.deep == {*long.rounds[3::4], 2_000}
    counts = [len(looks(rounds).rounds) for rounds in range(20, 3_000, 10)]
    assert counts == sorted(counts)
