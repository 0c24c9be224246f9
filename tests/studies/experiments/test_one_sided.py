"""The one-sided against the two-sided penalty: appendix C of WGAN-GP."""

from __future__ import annotations

import pytest

from steadygan.networks import parameter_count
from steadygan.studies.experiments.one_sided import ONE, STUDY, TWO
from steadygan.studies.results import Results, Row
from steadygan.types import SampleSpec
from tests.studies.experiments.common import check_report, smoke


@pytest.mark.slow
def test_it_runs_and_reports(tmp_path):
    results = smoke(STUDY, tmp_path)
    check_report(STUDY, results)
    for row in results:
        way = row.values["untrained"] - row.values["floor"]
        assert row.values["left"] == pytest.approx((row.values["distance"] - row.values["floor"]) / way)


@pytest.mark.parametrize(
    ("gaps", "answer"),
    [((0.10, 0.12, 0.11), "holds"), ((-0.10, -0.12, -0.11), "does not hold"), ((0.1, -0.1, 0.0), "not decided here")],
)
def test_seeds_are_paired_and_data_sets_pooled(gaps, answer):
    rows = []
    for seed, gap in enumerate(gaps):
        for data, base in (("8gaussians", 0.2 + seed), ("digits", 0.9)):  # seeds differ by more than the penalties
            rows.append(Row({"penalty": TWO, "data": data}, seed, {"left": base}))
            rows.append(Row({"penalty": ONE, "data": data}, seed, {"left": base + gap}))
    decision = STUDY.claims[0].decide(Results(tuple(rows)))
    assert decision.answer == answer
    assert decision.interval.mean == pytest.approx(sum(gaps) / 3)


def test_five_seeds_and_penalties_that_differ_in_their_side_alone():
    assert STUDY.seeds["laptop"] >= 5
    for scale in ("laptop", "paper"):
        by_data = {}
        for trial in STUDY.trials(scale, [0]):
            by_data.setdefault(trial.settings["data"], []).append(trial.work)
        for two, one in by_data.values():
            assert [penalty.one_sided for penalty in (*two.recipe.penalties, *one.recipe.penalties)] == [False, True]
            assert two.recipe.critic == one.recipe.critic
            assert two.rounds == one.rounds


def test_the_papers_settings():
    for trial in STUDY.trials("paper", [0]):
        recipe, weight = trial.work.recipe, trial.work.recipe.penalties[0].weight
        assert trial.work.rounds == 100_000
        if trial.settings["data"] == "cifar10":
            assert (recipe.batch, weight, recipe.critic.width) == (64, 10.0, 128)
        else:
            assert parameter_count(recipe.critic.build(SampleSpec((2,)))) == 527_361
            assert (recipe.batch, weight) == (256, 0.1)
