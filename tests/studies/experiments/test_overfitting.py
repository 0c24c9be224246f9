"""Overfitting of 1,000 digits: figure 5b of WGAN-GP."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.networks import parameter_count
from steadygan.run import Run
from steadygan.studies.experiments._few_samples import FILE
from steadygan.studies.experiments.overfitting import CLIP, METHODS, PENALTY, STUDY, of_curves
from steadygan.studies.results import Results, Row
from steadygan.types import SampleSpec
from tests.studies.experiments.common import check_report, smoke


@pytest.mark.slow
def test_it_runs_on_so_many_digits_and_reports(tmp_path):
    results = smoke(STUDY, tmp_path)
    check_report(STUDY, results)
    for trial in STUDY.trials("smoke", [0]):
        with np.load(tmp_path / trial.name / FILE) as stored:
            train, held_out = stored["x_train"], stored["x_test"]
        assert train.shape == (100, 1, 8, 8)
        known = {image.tobytes() for image in train}
        assert len(known) == 100
        assert not known & {image.tobytes() for image in held_out}
        assert len(held_out) > 700
        assert Run(tmp_path / trial.name / "run").recipe.data.source.endswith(FILE)
        assert len(results.where(method=trial.settings["method"]).rows[0].values["train"]) == 10


def test_curves_that_part_are_measured_by_hand():
    rounds = np.arange(1, 101)
    train, held_out = 5 + 0.01 * rounds, np.where(rounds <= 50, 5 + 0.01 * rounds, 5 - 0.02 * rounds)
    found = of_curves(rounds, train, held_out)
    end, middle = np.arange(81, 101), np.arange(41, 61)
    scale = 5 + 0.01 * end.mean()
    assert found["gap"] == pytest.approx(0.03 * end.mean() / scale)
    assert found["train_change"] == pytest.approx(0.01 * 40 / scale)
    assert found["held_out_change"] == pytest.approx((held_out[80:].mean() - held_out[40:60].mean()) / scale)
    assert len(middle) == 20
    assert found["parts_at"] == 51  # 1.53 of 5.51
    assert "parts_at" not in of_curves(rounds, train, train)
    assert "gap" not in of_curves(rounds[:3], train[:3], train[:3])


def rows(gap, train_change, held_out_change):
    values = {"gap": gap, "train_change": train_change, "held_out_change": held_out_change}
    return Results(
        tuple(
            Row({"method": method, "data": "digits"}, seed, {name: v + 0.001 * seed for name, v in values.items()})
            for method in METHODS
            for seed in range(3)
        )
    )


def test_gaps_and_changes_decide():
    assert [claim.decide(rows(0.5, 0.2, -0.3)).answer for claim in STUDY.claims] == ["holds", "holds"]
    assert [claim.decide(rows(0.01, 0.2, 0.3)).answer for claim in STUDY.claims] == ["does not hold"] * 2
    assert [claim.decide(rows(0.1, 0.0, -0.3)).answer for claim in STUDY.claims] == ["not decided here"] * 2


def test_the_papers_settings():
    sample = SampleSpec((1, 28, 28))
    for trial in STUDY.trials("paper", [0]):
        recipe = trial.work.training.recipe
        assert parameter_count(recipe.generator.build(sample, recipe.prior.size)) == 1_554_177
        assert parameter_count(recipe.critic.build(sample)) == 1_030_145
        assert (recipe.batch, trial.work.rounds, trial.work.count, recipe.steps(0)) == (50, 20_000, 1_000, 5)
        assert trial.work.training.data.source == "mnist"
        if trial.settings["method"] == CLIP:
            assert (recipe.constraint.limit, recipe.critic_optimizer.lr) == (0.01, 5e-5)
        else:
            assert trial.settings["method"] == PENALTY
            assert (recipe.penalties[0].weight, recipe.critic_optimizer.betas) == (10.0, (0.5, 0.9))
