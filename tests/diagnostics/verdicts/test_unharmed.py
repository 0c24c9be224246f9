"""A critic that overfits is a fault once samples suffer, where their distance from the data is known."""

from __future__ import annotations

import pytest

from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.critic_overfitting import critic_overfitting
from steadygan.diagnostics.verdicts.too_little_data import too_little_data


def log(scores: list[float] | None) -> History:
    rows = []
    for look in range(20):
        row = {"round": 100 * (look + 1), "rounds": 2000, "r_v": 0.6, "gap_train": 1.0, "gap_error": 0.01}
        row |= {"seen": 64 * row["round"], "training_samples": 1000, "distance_ratio": 0.9}
        if scores is not None:
            row["score"] = scores[look]
        rows.append(row)
    return History(rows)


FALLING = [1.0 / (look + 1) for look in range(20)]
RISING = [max(0.2, 1.0 / (look + 1)) + 0.05 * max(0, look - 8) for look in range(20)]


@pytest.mark.parametrize("rule", [critic_overfitting, too_little_data])
def test_samples_that_get_better_speak_against_it(rule) -> None:
    assert rule(log(FALLING)) is None
    assert rule(log(None)) is not None


def test_samples_that_get_worse_tell_since_when() -> None:
    found = critic_overfitting(log(RISING))
    assert found is not None and 1000 <= found.since <= 1300
