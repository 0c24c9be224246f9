"""What tests of all experiments share: a study at smoke scale, carried out once."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from steadygan.studies import Results, Row, Study, find


@functools.cache
def carried_out(name: str) -> Results:
    """The results of a study's trials at smoke scale."""
    trials = find(name).trials("smoke", [0])
    with tempfile.TemporaryDirectory() as folder:
        outcomes = [trial.work.carry_out(Path(folder) / trial.name, trial.seed) for trial in trials]
    rows = zip(trials, outcomes, strict=True)
    return Results(tuple(Row(trial.settings, trial.seed, outcome) for trial, outcome in rows))


def check_study(study: Study) -> Results:
    """Its names are its own; figures, table and claims cope with all, some and none of the smoke scale's results."""
    for scale in ("smoke", "laptop", "paper"):
        trials = study.trials(scale, [0, 1])
        assert len({trial.name for trial in trials}) == len(trials) > 0
        assert {trial.seed for trial in trials} == {0, 1}
    results = carried_out(study.name)
    failed = Results(tuple(Row(row.settings, row.seed, {}) for row in results))
    for some in (results, Results(results.rows[:1]), Results(results.rows[-1:]), Results(()), failed):
        table = study.table(some)
        assert all(len(row) == len(table.columns) for row in table.rows)
        assert all(plot.name and plot.caption for plot in study.plots(some))
        assert {claim.decide(some).answer for claim in study.claims} <= {"holds", "does not hold", "not decided here"}
    assert study.plots(results) and study.table(results).rows
    for claim in study.claims:  # one seed decides nothing of intervals over seeds
        assert claim.decide(Results(())).answer == "not decided here"
    return results


def made_up(rows: list[tuple[dict[str, object], int, dict[str, object]]]) -> Results:
    """Results of numbers that a test chose."""
    return Results(tuple(Row(settings, seed, values) for settings, seed, values in rows))  # type: ignore[arg-type]
