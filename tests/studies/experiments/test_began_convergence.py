"""began-convergence: M along a training, and in a collapse."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from steadygan.studies.experiments import began_convergence as study
from steadygan.studies.experiments._began import near
from steadygan.types import SampleSpec
from tests.studies.experiments.smoke import check_study, made_up


@pytest.mark.slow
def test_the_study_runs_at_smoke_scale():
    results = check_study(study.STUDY)
    for row in results:
        assert row.values["rounds"] == [1, 2, 3, 4]
        assert len(row.values["measure"]) == len(row.values["distance"]) == len(row.values["spread"]) == 4


def test_paper_scale_keeps_twenty_checkpoints_of_the_papers_training():
    own, low = study.trials("paper", [0])
    assert (own.work.rounds, own.work.points) == (100_000, 20)
    gammas = [trial.work.recipe(SampleSpec((3, 64, 64))).objective.gamma for trial in (own, low)]
    assert gammas == [0.5, 0.3]


def test_the_rank_correlation_is_one_minus_the_squared_ranks():
    first, second = [0.1, 0.4, 0.2, 0.9, 0.7], [3.0, 1.0, 8.0, 9.0, 5.0]
    ranks = [[sorted(each).index(value) for value in each] for each in (first, second)]
    expected = 1 - 6 * sum((a - b) ** 2 for a, b in zip(*ranks, strict=True)) / (5 * 24)
    assert study.rank_correlation(first, second) == pytest.approx(expected)
    assert study.rank_correlation([1.0, 1.0], [1.0, 2.0]) == study.rank_correlation([1.0], [2.0]) == 0


def test_logged_numbers_are_those_of_the_nearest_rows():
    logged = SimpleNamespace(rows=[{"round": 10, "M": 1.0}, {"round": 20}, {"round": 30, "M": 3.0}])
    assert near(logged, "M", [1, 19, 24, 99]) == [1.0, 1.0, 3.0, 3.0]


def trainings(low_measure, low_spread, correlation=0.8):
    rows = []
    for seed in range(3):
        own = {"measure": [1.0, 0.1 + 0.001 * seed], "spread": [0.1, 0.9], "distance": [1.0, 0.1]}
        low = {"measure": [1.0, low_measure + 0.002 * seed], "spread": [0.1, low_spread], "distance": [1.0, 0.9]}
        for gamma, values in (("own", own), ("low", low)):
            rows.append(
                ({"gamma": gamma}, seed, {**values, "rounds": [1, 2], "correlation": correlation + 0.05 * seed})
            )
    return made_up(rows)


def test_claims_are_decided_by_correlation_and_by_collapsed_trainings():
    tracks, tells = study.STUDY.claims
    higher = trainings(0.3, 0.2)
    assert tracks.decide(higher).answer == tells.decide(higher).answer == "holds"
    lower = trainings(0.05, 0.2, correlation=-0.8)
    assert tracks.decide(lower).answer == tells.decide(lower).answer == "does not hold"
    assert tells.decide(trainings(0.05, 0.8)).answer == "not decided here"  # no collapse to tell
