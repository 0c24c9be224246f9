"""Decisions of claims that say 'below'."""

from __future__ import annotations

import pytest

from steadygan.studies.experiments._decided import below
from steadygan.studies.intervals import NONE, Interval


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [(0.1, 0.4, "holds"), (0.6, 0.9, "does not hold"), (0.4, 0.6, "not decided here"), (0.1, 0.5, "not decided here")],
)
def test_below_holds_if_the_whole_interval_is(low, high, answer):
    interval = Interval((low + high) / 2, low, high, 3)
    decision = below(interval, "so it is", bound=0.5)
    assert (decision.answer, decision.interval, decision.evidence) == (answer, interval, "so it is")


def test_nothing_is_decided_by_no_values():
    assert below(NONE, "").answer == "not decided here"
