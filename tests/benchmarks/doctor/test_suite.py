"""The suite: its trainings build, its split is by what is new, what is kept comes back, and how it is scored."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
import pytest

from benchmarks.doctor.cases import Case, Said, judged, said_of
from benchmarks.doctor.labels import Label
from benchmarks.doctor.materials import Source, open_source
from benchmarks.doctor.probe import area, separable
from benchmarks.doctor.score import PAGE, confusion, errors, lines, score
from benchmarks.doctor.shares import macro, wilson
from benchmarks.doctor.split import SEEN_MECHANISMS, UNSEEN_MECHANISMS, new_parts, split_of
from benchmarks.doctor.suite import LOGS, OUTCOMES, finished, keep_log, keep_outcome, kept_log, kept_outcomes, trainings
from steadygan.diagnostics.findings import Diagnosis, Finding
from steadygan.diagnostics.judge import look_by_look
from steadygan.recipe import dumps


def test_there_are_enough_trainings_and_no_name_is_taken_twice():
    names = [each.name for each in trainings()]
    assert len(names) == len(set(names)) >= 320
    unseen = [each for each in trainings() if split_of(each) == "unseen"]
    assert min(sum(each.mechanism.startswith("usual") is usual for each in unseen) for usual in (True, False)) > 130


@pytest.mark.slow
def test_every_training_is_a_recipe():
    from benchmarks.doctor.trial import recipe_of

    opened = functools.lru_cache(None)(open_source)
    for each in trainings()[::3]:
        recipe = recipe_of(each, opened(Source(each.source.base)).dataset.sample)
        assert recipe.rounds == each.rounds and dumps(recipe)


def test_the_split_is_by_mechanism_data_and_method():
    seen = [each for each in trainings() if split_of(each) == "seen"]
    unseen = [each for each in trainings() if split_of(each) == "unseen"]
    assert all(new_parts(each) for each in unseen) and not any(new_parts(each) for each in seen)
    assert SEEN_MECHANISMS and UNSEEN_MECHANISMS and not SEEN_MECHANISMS & UNSEEN_MECHANISMS
    assert {each.mechanism for each in seen} & {each.mechanism for each in unseen}  # on other data, or by other methods
    assert split_of(dataclasses.replace(seen[0], seed=12345)) == "seen"


def test_logs_and_outcomes_come_back_and_half_a_line_does_not_count(tmp_path):
    rows = [{"round": 1, "gap": 1.23456789, "lipschitz": "inf"}, {"round": 2, "non_finite": "critic.0"}]
    keep_log("one", rows, tmp_path)
    assert kept_log("one", tmp_path) == ({"round": 1, "gap": 1.2346, "lipschitz": "inf"}, rows[1])
    path = tmp_path / "doctor.jsonl"
    keep_outcome("one", {"rounds": 5}, path)
    keep_outcome("one", {"rounds": 6}, path)
    path.write_text(path.read_text() + '{"name": "two", "rou')
    assert kept_outcomes(path) == {"one": {"rounds": 6}}


def test_a_training_whose_fields_changed_is_not_finished(tmp_path):
    path, (first, second, third, *_) = tmp_path / "doctor.jsonl", trainings()
    for each, command in ((first, first.command), (second, "steadygan train another"), (third, third.command)):
        keep_outcome(each.name, {"command": command}, path)
    for each in (first, second):
        keep_log(each.name, [{"round": 1}], tmp_path)
    assert set(finished(path, tmp_path)) == {first.name}


def said(*verdicts: str) -> tuple[Diagnosis, ...]:
    return tuple(Diagnosis(10 * (look + 1), (Finding(verdict, 0, 1.0, ()),)) for look, verdict in enumerate(verdicts))


def test_only_the_first_fault_that_stood_three_looks_counts():
    verdicts = ("too_early", "oscillation", "full_collapse", "full_collapse", "full_collapse", *["healthy"] * 5)
    assert said_of(said(*verdicts), 100) == Said("full_collapse", 0.5, 1.0)
    assert said_of(said("oscillation", "healthy", "oscillation", "healthy"), 40).verdict == "healthy"
    assert said_of(said(*["too_early"] * 5), 50).verdict == "healthy"


def test_a_divergence_counts_at_the_last_look():
    assert said_of(said("healthy", "healthy", "diverged"), 100) == Said("diverged", 0.3, 1.0)
    assert said_of(said("healthy", "diverged", "healthy"), 100).verdict == "healthy"


def case(label: str, verdict: str, at: float = 0.2, accepted: frozenset[str] | None = None, onset: float = 0.0) -> Case:
    right = frozenset({label}) if accepted is None else accepted
    return Case(trainings()[0], "seen", (), Label(label, right, onset=onset), Said(verdict, at))  # type: ignore[arg-type]


def test_late_verdicts_are_misses_unless_the_trouble_began_late():
    assert case("full_collapse", "full_collapse", 0.5).right
    assert not case("full_collapse", "full_collapse", 0.7).right
    assert case("full_collapse", "full_collapse", 0.7, onset=0.5).right


def test_scores_of_a_set_of_cases():
    made = [
        *[case("healthy", "healthy", 1.0)] * 9,
        case("healthy", "oscillation"),
        *[case("full_collapse", "full_collapse", 0.1)] * 3,
        case("full_collapse", "healthy", 1.0),
        *[case("oscillation", "partial_collapse")] * 3,
        case("ambiguous", "healthy", 1.0),
    ]
    found = score(made)
    assert found.false_alarms.value == pytest.approx(0.1)
    assert found.recall["full_collapse"].value == 0.75 and found.recall["oscillation"].value == 0.0
    assert found.average.value == pytest.approx(0.375)
    assert found.median == 0.1 and found.ambiguous == 1
    assert found.missed.value == pytest.approx(1 / 7)
    head, *rows = confusion(made)
    table = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert table["oscillation"]["partial_collapse"] == "3" and table["healthy"]["oscillation"] == "1"
    assert len(errors(made)) == 5 and any("75%" in line for line in lines("All", made))


def test_wilsons_interval_and_the_bootstraps():
    share = wilson(97, 100)
    assert (share.low, share.high) == (pytest.approx(0.9155, abs=1e-4), pytest.approx(0.9897, abs=1e-4))
    assert math.isnan(wilson(0, 0).value)
    groups = [[True] * 50 + [False] * 50, [True] * 10]
    assert macro(groups).value == 0.75
    assert macro(groups).low == pytest.approx(0.75 - 1.96 * 0.5 * 0.05, abs=0.01)


def test_areas_of_scores_and_of_an_independent_classifier():
    draws = np.random.default_rng(0)
    assert area(np.arange(5.0) + 10, np.arange(5.0)) == 1.0
    assert area(np.ones(4), np.ones(9)) == 0.5
    assert math.isnan(area(np.array([np.nan]), np.ones(3)))
    apart = draws.standard_normal((2, 300, 2)) + np.array([0.0, 4.0])[:, None, None]
    assert separable(apart[0], apart[1]) > 0.98
    assert separable(*draws.standard_normal((2, 300, 2))) == pytest.approx(0.5, abs=0.12)


@pytest.mark.slow
def test_the_kept_logs_give_the_scores_of_the_page():
    if not OUTCOMES.exists() or not any(LOGS.glob("*.jsonl.xz")):
        pytest.skip("no logs are kept yet")
    cases, page = judged(look_by_look), PAGE.read_text()
    assert all(0 < each.said.at <= 1 for each in cases)
    for split in ("seen", "unseen"):
        made = "\n".join(lines(f"{split.capitalize()} trainings", [each for each in cases if each.split == split]))
        assert made.strip() in page, "python -m benchmarks.doctor.score --docs"
