"""curves: the four methods of figure 3, and what is read off a curve."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.constraints import WeightClip
from steadygan.networks import parameter_count
from steadygan.optimizers import Adam, RMSprop
from steadygan.studies.experiments import curves as study
from steadygan.types import SampleSpec
from tests.studies.experiments.smoke import check_study, made_up

CIFAR = SampleSpec((3, 32, 32), classes=10)


@pytest.mark.slow
def test_the_study_runs_at_smoke_scale():
    results = check_study(study.STUDY)
    for row in results:
        assert row.values["rounds"] == [2, 4] and len(row.values["score"]) == 2
        assert row.values["seconds"] == sorted(row.values["seconds"])
        assert row.values["final"] == pytest.approx(np.mean(row.values["score"]))


def test_paper_scale_is_that_of_the_authors_code():
    recipes = {trial.settings["method"]: trial.work.recipe(CIFAR) for trial in study.trials("paper", [0])}
    for trial in study.trials("paper", [0]):
        assert (trial.work.rounds, trial.work.points) == (200_000, 200)  # scored every 1,000 rounds
    for method, recipe in recipes.items():
        assert parameter_count(recipe.generator.build(CIFAR, 128)) == 5_179_907
        assert recipe.batch == 64 and recipe.prior.size == 128 and recipe.average.half_life == 0
        assert recipe.steps(0) == (1 if method == "dcgan" else 5)
    assert parameter_count(recipes["gp-adam"].critic.build(CIFAR)) == 4_114_689
    assert recipes["gp-adam"].critic_optimizer == Adam(1e-4, betas=(0.5, 0.9))
    assert recipes["gp-rmsprop"].critic_optimizer == recipes["clip"].critic_optimizer == RMSprop(5e-5)
    assert recipes["dcgan"].generator_optimizer == Adam(2e-4, betas=(0.5, 0.999))
    assert recipes["clip"].constraint == WeightClip(0.01)
    assert [penalty.weight for penalty in recipes["gp-rmsprop"].penalties] == [10.0]


def test_scatter_is_that_of_white_noise_and_nothing_of_a_straight_line():
    values = np.random.default_rng(0).normal(0, 0.3, 4_000)
    long = [study.noise(values[start : start + 10]) ** 2 for start in range(0, 4_000, 10)]
    assert np.sqrt(np.mean(long)) == pytest.approx(0.3, rel=0.05)
    assert study.noise([5.0] * 20) == study.noise([1.0]) == 0
    assert study.noise(np.arange(0, 1, 0.01)) == pytest.approx(0.01 / np.sqrt(2))


def test_the_time_to_a_score_is_read_off_the_curve():
    curve, seconds = [2.0, 3.0, 2.5, 5.0], [1.0, 2.0, 3.0, 4.0]
    assert study.time_to(curve, seconds, 3.0) == 2.0
    assert study.time_to(curve, seconds, 1.5) == pytest.approx(0.5)  # from a score of 1 at the start
    assert study.time_to(curve, seconds, 4.0) == pytest.approx(3.6)
    assert study.time_to(curve, seconds, 5.5) == float("inf")


@pytest.mark.parametrize(("factor", "answer"), [(4.0, "holds"), (0.25, "does not hold"), (1.0, "not decided here")])
def test_slowness_is_decided_by_the_ratio_of_times(factor, answer):
    rows = []
    for seed in range(3):
        curve, wobble = [2.0, 4.0, 6.0], 1 + 0.1 * (seed - 1)
        gp = {"score": curve, "seconds": [factor * wobble * at for at in (10, 20, 30)], "rounds": [1, 2, 3]}
        rows.append(({"method": "gp-adam"}, seed, gp))
        rows.append(({"method": "dcgan"}, seed, {"score": curve, "seconds": [10, 20, 30], "rounds": [1, 2, 3]}))
    decision = next(claim for claim in study.STUDY.claims if claim.name == "slower by the clock").decide(made_up(rows))
    assert decision.answer == answer and decision.interval.mean == pytest.approx(factor, rel=0.01)


def finals(**by_method):
    rows = []
    for method, values in by_method.items():
        for seed, value in enumerate(values):
            curve = [1.0] * 15 + [value] * 5
            rows.append(
                ({"method": method.replace("_", "-")}, seed, {"final": value, "score": curve, "rounds": range(20)})
            )
    return made_up(rows)


def test_claims_are_decided_by_differences_paired_by_seed():
    better, comparable, *_ = study.STUDY.claims
    seeds = np.array([0.0, 1.0, 2.0])  # far apart, but alike in all methods
    order = finals(clip=3 + seeds, gp_rmsprop=4 + seeds, gp_adam=5 + seeds, dcgan=5 + seeds)
    assert better.decide(order).answer == comparable.decide(order).answer == "holds"
    wrong = finals(clip=4 + seeds, gp_rmsprop=3 + seeds, gp_adam=5 + seeds, dcgan=12 + seeds)
    assert better.decide(wrong).answer == comparable.decide(wrong).answer == "does not hold"
    mixed = finals(clip=[3.0, 4.0, 5.0], gp_rmsprop=[4.0, 4.0, 4.0], gp_adam=[5.0, 5.0, 5.0], dcgan=[5.0, 6.0, 5.5])
    assert better.decide(mixed).answer == "not decided here"
