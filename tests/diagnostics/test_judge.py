from __future__ import annotations

from steadygan.diagnostics.judge import first_stable, judge, timeline
from tests.diagnostics.logs import run


def test_a_healthy_run_is_healthy_and_never_at_fault() -> None:
    said = [diagnosis.main.verdict for diagnosis in timeline(run())]
    assert set(said) == {"too_early", "healthy"}
    assert said[-1] == "healthy"


def test_a_beginning_gives_what_was_said_then() -> None:
    rows = run(distance_ratio=0.01)
    assert tuple(judge(rows[:look]) for look in range(1, len(rows) + 1)) == timeline(rows)


def test_the_first_stable_verdict_is_that_of_the_collapse() -> None:
    found = first_stable(run(distance_ratio=0.01, duplicates=1.0, bins_missing=0.9))
    assert found is not None
    assert found.verdict == "full_collapse"
