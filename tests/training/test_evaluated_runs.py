"""Samples judged while a run goes on: the record, the best checkpoint, and resume."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from steadygan.errors import RunError
from steadygan.run import Run
from steadygan.run.layout import list_checkpoints
from steadygan.run.records import best_round
from steadygan.training import fixed_latents
from steadygan.training.session import new_run, resume_run
from tests.training.games import image_data, small_recipe
from tests.training.runs import Watcher, assert_same_end


class Brightness:
    """Judges by the mean pixel, in an order of its own: which round is the best is decided by ``scores``."""

    count, seconds = 5, 0.0

    def __init__(self, scores=()):
        self.scores = list(scores)
        self.seen = []

    def __call__(self, samples, labels):
        self.seen.append(samples)
        value = self.scores.pop(0) if self.scores else float(samples.mean())
        return {"judge": "brightness", "brightness": value}

    def closing(self, metrics, evaluations):
        return (f"{len(metrics)} rows, {len(evaluations)} evaluations",)


def recipe_of(**changes):
    base = small_recipe(rounds=20)
    return dataclasses.replace(
        base, run=dataclasses.replace(base.run, checkpoint_every=4, evaluate_every=4, keep_last=1, **changes)
    )


def rounds_kept(folder):
    return [int(path.name) for path in list_checkpoints(folder / "checkpoints")]


def test_the_best_checkpoint_stays_when_later_ones_are_worse(tmp_path):
    judge, watcher = Brightness([5.0, 2.0, 4.0, 3.0, 9.0]), Watcher()
    new_run(recipe_of(), image_data(), tmp_path / "run", device="cpu", evaluator=judge, observers=[watcher])
    run = Run(tmp_path / "run")
    assert [row["brightness"] for row in run.evaluations] == [5.0, 2.0, 4.0, 3.0, 9.0]
    assert run.best_round == 8
    assert rounds_kept(run.folder) == [8, 20]
    assert [row["round"] for row in watcher.all("evaluated")] == [4, 8, 12, 16, 20]
    assert watcher.all("ended")[0].closing == ("6 rows, 5 evaluations",)
    assert run.sample(3, round_=run.best_round).shape == (3, 1, 8, 8)


def test_samples_that_are_not_finite_end_a_run_before_they_are_judged(tmp_path, monkeypatch):
    """As a divergence, for which there are remedies: a judge of points refuses them."""
    samples = np.full((5, 2), np.inf, np.float32)
    monkeypatch.setattr(fixed_latents, "evaluation_samples", lambda game, count, shares: (samples, None))
    with pytest.raises(RunError, match="the samples of round 4 are not finite"):
        new_run(recipe_of(), image_data(), tmp_path / "run", device="cpu", evaluator=Brightness())


def test_samples_are_of_the_same_latents_each_time_and_are_what_a_user_gets(tmp_path):
    judge = Brightness()
    new_run(recipe_of(), image_data(), tmp_path / "run", device="cpu", evaluator=judge)
    assert all(samples.shape == (5, 1, 8, 8) and samples.dtype == "uint8" for samples in judge.seen)
    again = Brightness()
    new_run(recipe_of(), image_data(), tmp_path / "again", device="cpu", evaluator=again)
    assert all((a == b).all() for a, b in zip(judge.seen, again.seen, strict=True))


def test_judging_changes_nothing_that_is_learned(tmp_path):
    new_run(recipe_of(), image_data(), tmp_path / "judged", device="cpu", evaluator=Brightness())
    new_run(recipe_of(), image_data(), tmp_path / "alone", device="cpu")
    assert_same_end(tmp_path / "judged", tmp_path / "alone", 20)


@pytest.mark.parametrize("stop", [7, 9, 13])
def test_a_resumed_run_has_the_evaluations_of_one_that_never_stopped(tmp_path, stop):
    new_run(recipe_of(), image_data(), tmp_path / "whole", device="cpu", evaluator=Brightness())

    class Stop(Watcher):
        def logged(self, row):
            if row["round"] >= stop:
                raise KeyboardInterrupt

    recipe = recipe_of(log_every=1)
    with pytest.raises(KeyboardInterrupt):
        new_run(recipe, image_data(), tmp_path / "cut", device="cpu", evaluator=Brightness(), observers=[Stop()])
    resume_run(recipe_of(), image_data(), tmp_path / "cut", device="cpu", evaluator=Brightness())
    assert Run(tmp_path / "cut").evaluations == Run(tmp_path / "whole").evaluations


def test_evaluations_between_checkpoints_are_checkpoints_too(tmp_path):
    base = recipe_of()
    recipe = dataclasses.replace(base, run=dataclasses.replace(base.run, checkpoint_every=15, evaluate_every=6))
    scores = [1.0, 2.0, 3.0, 4.0]
    new_run(recipe, image_data(), tmp_path / "run", device="cpu", evaluator=Brightness(scores))
    assert rounds_kept(tmp_path / "run") == [6, 20]


def test_only_rows_of_one_judge_and_its_features_are_ranked():
    rows = [
        {"round": 1, "judge": "frechet", "features": "pixels", "frechet": 0.1},
        {"round": 2, "judge": "frechet", "features": "patches", "frechet": 9.0},
        {"round": 3, "judge": "frechet", "features": "patches", "frechet": None},
        {"round": 4, "judge": "frechet", "features": "patches", "frechet": 8.0},
        {"round": 5, "judge": "frechet", "features": "patches", "frechet": 8.5},
    ]
    assert best_round(rows) == 4
    assert best_round([]) is None
