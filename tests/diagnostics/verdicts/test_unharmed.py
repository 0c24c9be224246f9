"""What is no fault: a critic that overfits where samples get better, a Wasserstein critic whose loss is near 0."""

from __future__ import annotations

import pytest

from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.critic_overfitting import critic_overfitting
from steadygan.diagnostics.verdicts.critic_too_strong import critic_too_strong
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


@pytest.mark.parametrize(
    ("begin", "strong"),
    [({"critic_loss": 1.4, "generator_loss": 0.7}, True), ({"critic_loss": -20.0, "generator_loss": 5.0}, False)],
)
def test_a_wasserstein_critic_near_zero_is_none_that_is_too_strong(begin: dict[str, float], strong: bool) -> None:
    """Losses alone, as of another tool's log: a Wasserstein critic's is near 0 where samples are as the data."""
    end = {"critic_loss": 0.02, "generator_loss": 9.0}
    rows = [{"round": 100 * i, "rounds": 3000, **(begin if i < 10 else end)} for i in range(1, 31)]
    assert (critic_too_strong(History(rows)) is not None) is strong
