"""The critic's loss against the quality of samples: figures 3 and 4 of WGAN."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.networks import parameter_count
from steadygan.run import Run
from steadygan.studies.experiments._tracking import correlation, losses_before
from steadygan.studies.experiments.loss_tracks_quality import LOOKS, METHODS, STUDY
from steadygan.studies.results import Results, Row
from steadygan.types import SampleSpec
from tests.studies.experiments.common import check_report, smoke


@pytest.mark.slow
def test_it_runs_and_reports(tmp_path):
    results = smoke(STUDY, tmp_path)
    check_report(STUDY, results)
    for row in results:
        assert list(row.values["rounds"]) == list(range(1, 6))
        assert len(row.values["distances"]) == len(row.values["losses"]) == 5
    for trial in STUDY.trials("smoke", [0]):
        if trial.settings["method"] == "WGAN-GP":  # the curve is the difference of mean scores, without the penalty
            logged = Run(tmp_path / trial.name / "run").rows
            curve = results.where(**trial.settings).rows[0].values["curve"]
            np.testing.assert_allclose(curve, [each["wasserstein"] for each in logged], rtol=1e-4, atol=1e-6)


def test_the_loss_is_the_median_since_the_checkpoint_before_without_the_penalty():
    rows = [{"round": i, "critic_loss": -float(i), **({"penalty": 0.5} if i > 2 else {})} for i in range(1, 7)]
    np.testing.assert_allclose(losses_before(rows, [2, 5]), [1.5, 4.5])


def test_a_loss_that_falls_with_the_distance_has_correlation_1():
    assert correlation([3.0, 2.0, 1.5, 0.1], [9.0, 4.0, 2.0, 1.0]) == {"rank_correlation": pytest.approx(1)}
    assert correlation([0.0, 1.0, 2.0], [3.0, 2.0, 1.0]) == {"rank_correlation": pytest.approx(-1)}
    assert correlation([1.0, 1.0, 1.0], [3.0, 2.0, 1.0]) == correlation([1.0, np.nan, 2.0], [3.0, 2.0, 1.0]) == {}


def test_correlations_decide():
    values = {"WGAN": 0.9, "WGAN-GP": 0.1, "GAN": -0.2}
    rows = [
        Row({"method": method, "data": data}, seed, {"rank_correlation": values[method] + 0.01 * seed})
        for method in METHODS
        for data in ("25gaussians", "digits")
        for seed in range(3)
    ]
    rows[0] = Row(rows[0].settings, 0, {"rank_correlation": 0.88})
    answers = [claim.decide(Results(tuple(rows))).answer for claim in STUDY.claims]
    assert answers == ["holds", "does not hold", "holds"]


def test_fitted_trials_keep_as_many_checkpoints():
    for trial in STUDY.trials("laptop", [0]):
        for work in (trial.work, trial.work.fitted(200)):
            assert work.options.keep_every == work.options.checkpoint_every == work.rounds // LOOKS


def test_the_papers_settings():
    for trial in STUDY.trials("paper", [0]):
        recipe = trial.work.recipe
        if trial.settings["data"] == "cifar10":
            assert (recipe.batch, recipe.critic.width, trial.work.rounds) == (64, 64, 200_000)
        else:
            assert parameter_count(recipe.critic.build(SampleSpec((2,)))) == 527_361
            assert trial.work.rounds == 100_000
        if trial.settings["method"] == "WGAN":
            assert (recipe.critic_optimizer.lr, recipe.constraint.limit) == (5e-5, 0.01)
