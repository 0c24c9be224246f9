"""Short runs: what is drawn of the suite, how it is looked at, and what the two lines of the summary count."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.doctor import short_runs
from benchmarks.doctor.cases import HEALTHY, Case, Said
from benchmarks.doctor.labels import Label
from benchmarks.doctor.suite import trainings


def test_as_many_healthy_trainings_as_failing_ones_are_drawn_and_the_same_again():
    found = short_runs.drawn(5, 1)
    assert [made.name == HEALTHY for _, made in found] == [True] * 5 + [False] * 5
    assert "ambiguous" not in {made.name for _, made in found}
    assert [each.name for each, _ in found] == [each.name for each, _ in short_runs.drawn(5, 1)]
    assert {each.name for each, _ in found} != {each.name for each, _ in short_runs.drawn(5, 2)}


@pytest.mark.slow
def test_a_training_has_so_many_looks_at_so_many_samples(monkeypatch):
    logs = []

    def said_of(diagnoses, rounds):
        logs.extend(diagnoses)
        return Said(HEALTHY, 1.0, 0.5)

    monkeypatch.setattr(short_runs, "said_of", said_of)
    seen = []
    doctor = short_runs.GameDoctor
    monkeypatch.setattr(short_runs, "GameDoctor", lambda plan, samples: seen.append(samples) or doctor(plan, samples))
    training = next(each for each in trainings() if each.source.base == "8gaussians")
    training = dataclasses.replace(training, rounds=80)
    made = Label(HEALTHY, frozenset())
    case = short_runs.judged(training, made, 8, 64)
    assert seen == [64] and 7 <= len(logs) <= 9 and logs[-1].round == 80
    assert case.right and case.training is training


def test_the_summary_counts_what_was_said_late_and_right():
    def case(label, verdict, at):
        return Case(training, "seen", (), Label(label, frozenset({label})), Said(verdict, at, 0.9))

    training = trainings()[0]
    cases = [case(HEALTHY, HEALTHY, 1.0), case(HEALTHY, "oscillation", 0.3)]
    cases += [case("full_collapse", "full_collapse", at) for at in (0.2, 0.99)]
    cases += [case("full_collapse", "oscillation", 0.3), case("full_collapse", HEALTHY, 1.0)]
    healthy, failing = short_runs.summary(cases)
    assert healthy == "healthy: 1 of 2 called sick"
    assert failing == "failing: 3 of 4 called sick, 1 of them late; 1 right and in time"
