"""Evaluation during training, and the rank correlation."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from steadygan.data import DataOptions, open_data
from steadygan.evaluation import during_training
from steadygan.evaluation.during_training import TrainingEvaluator, rank_correlation, training_evaluator
from steadygan.metrics.transport import wasserstein1
from steadygan.types import SampleSpec
from tests.training.games import image_data, small_recipe


@pytest.fixture(scope="module")
def digits():
    return open_data(DataOptions("digits"))


@pytest.mark.parametrize("features", ["pixels", "auto"])
def test_noise_and_too_few_different_images_are_worse_than_held_out_digits(digits, features, tmp_path):
    evaluator = TrainingEvaluator(digits, features, cache=str(tmp_path))
    real = digits.held_out.samples
    rng = np.random.default_rng(0)
    noisy = np.clip(real + rng.normal(0, 70, real.shape), 0, 255).astype(np.uint8)
    few = real[rng.integers(0, 10, len(real))]
    scores = [evaluator(samples, None)["frechet"] for samples in (real, noisy, few)]
    assert scores[0] < 0.7 * min(scores[1:])
    assert evaluator(real, None) == evaluator(real, None)
    assert evaluator.seconds > 0


def test_points_are_evaluated_by_exact_distance_and_modes(monkeypatch):
    monkeypatch.setattr(during_training, "COUNT", 500)
    data = open_data(DataOptions("8gaussians"))
    evaluator = TrainingEvaluator(data)
    real = data.train.draw(np.random.default_rng(1), 500)[0]
    one_mode = real[np.hypot(*(real - real[0]).T) < 0.1]
    good, bad = evaluator(real, None), evaluator(np.resize(one_mode, (500, 2)), None)
    assert good["judge"] == "wasserstein1"
    assert good["wasserstein1"] < 0.2 * bad["wasserstein1"]
    assert (good["modes"], bad["modes"]) == (8, 1)


def test_fewer_points_are_matched_than_in_an_evaluation_of_a_run(monkeypatch):
    monkeypatch.setattr(during_training, "MATCHED", 60)
    data = open_data(DataOptions("8gaussians"))
    samples = data.train.draw(np.random.default_rng(1), 500)[0]
    held_out = data.held_out.samples
    found = TrainingEvaluator(data)(samples, None)["wasserstein1"]
    assert found == wasserstein1(samples, held_out, limit=60) != wasserstein1(samples, held_out)


def test_who_wants_no_evaluator_or_has_too_few_images_gets_none(digits):
    recipe = small_recipe()
    assert (
        training_evaluator(dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, evaluate="none")), digits)
        is None
    )
    few = image_data(40, SampleSpec((1, 8, 8)))
    few = dataclasses.replace(few, audit=dataclasses.replace(digits.audit, train=36))
    assert training_evaluator(recipe, few) is None


def test_the_rank_correlation_is_one_where_both_fall_together_and_unknown_for_few_rounds():
    rounds = range(10, 80, 10)
    metrics = [{"round": r, "wasserstein_held_out": 100.0 - r} for r in range(1, 80)]
    falling = [{"round": r, "frechet": 1000.0 / r} for r in rounds]
    rising = [{"round": r, "frechet": float(r)} for r in rounds]
    assert rank_correlation(metrics, falling, "frechet") == pytest.approx(1.0)
    assert rank_correlation(metrics, rising, "frechet") == pytest.approx(-1.0)
    assert rank_correlation(metrics, falling[:4], "frechet") is None
    assert rank_correlation([], falling, "frechet") is None
    assert rank_correlation(metrics, [{"round": r, "frechet": 1.0} for r in rounds], "frechet") is None


def test_closing_names_the_best_round(digits, tmp_path):
    evaluator = TrainingEvaluator(digits, "pixels", cache=str(tmp_path))
    rows = [
        {"round": r, "judge": "frechet", "features": "pixels", "frechet": v} for r, v in ((1, 3.0), (2, 1.0), (3, 2.0))
    ]
    assert evaluator.closing([], rows) == ["best of 3 evaluations: round 2, frechet 1 (pixels features)"]
    assert evaluator.closing([], []) == ()
