"""What is told of a moved end: each move to the displays, and a line of it where the moves come to a fifth."""

from __future__ import annotations

from itertools import pairwise

import pytest

from steadygan.timeline import Replan
from steadygan.training.planning.replanning import line_of, tell_replanned


def moves(*ends: int) -> tuple[Replan, ...]:
    return tuple(Replan(10 * index, before, after) for index, (before, after) in enumerate(pairwise(ends), 1))


@pytest.mark.parametrize(
    ("ends", "line"),
    [
        ((1000, 1300), "faster than planned: from round 10 on 1,300 rounds in place of 1,000; schedules follow"),
        ((1000, 1300, 1200), ""),
        ((1000, 1300, 1200, 1030), "slower than planned: from round 30 on 1,030 rounds in place of 1,300; "),
        ((1000, 900, 850), ""),
        ((1000, 900, 850, 800), "slower than planned: from round 30 on 800 rounds in place of 1,000; "),
        ((1000, 900, 1000, 900, 1000), ""),
    ],
)
def test_small_moves_are_told_when_they_come_to_a_fifth(ends: tuple[int, ...], line: str) -> None:
    said = line_of(moves(*ends))
    assert said.startswith(line) and bool(said) is bool(line)


def test_every_move_reaches_the_displays_that_show_ends() -> None:
    class Display:
        def __init__(self) -> None:
            self.shown: list[tuple[int, bool]] = []

        def replanned(self, rounds: int, line: str) -> None:
            self.shown.append((rounds, bool(line)))

    display, replans = Display(), moves(1000, 1300, 1200)
    for count in (1, 2):
        tell_replanned([display, object()], replans[:count])  # type: ignore[list-item]
    assert display.shown == [(1300, True), (1200, False)]
