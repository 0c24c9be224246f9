"""Trainings of studies: divergence as an outcome, checkpoints at even intervals."""

from __future__ import annotations

import contextlib
import dataclasses

import pytest

from steadygan.networks import MLPCritic, MLPGenerator
from steadygan.optimizers import SGD
from steadygan.recipe import Recipe
from steadygan.run import Run
from steadygan.studies.experiments._trained import Attempt, rounds_kept, unaveraged

SMALL = unaveraged(Recipe(generator=MLPGenerator(4, 1), critic=MLPCritic(4, 1), batch=4))


def rounds_of(run, ready):
    return {"kept": rounds_kept(run), "done": run.rounds_done, "dataset": ready.dataset.name}


def test_checkpoints_are_kept_at_even_intervals_that_follow_the_rounds(tmp_path):
    attempt = Attempt(SMALL, "digits", 20, rounds_of, points=4)
    assert attempt.carry_out(tmp_path / "whole", 0) == {
        "kept": [5, 10, 15, 20],
        "done": 20,
        "dataset": "digits",
        "diverged": 0,
    }
    assert attempt.fitted(8).carry_out(tmp_path / "short", 0)["kept"] == [2, 4, 6, 8]
    assert attempt.fitted(2).carry_out(tmp_path / "least", 0)["kept"] == [1, 2]


def test_a_training_that_diverges_is_an_outcome_whenever_it_is_asked(tmp_path):
    steep = SGD(1e30)
    recipe = dataclasses.replace(SMALL, generator_optimizer=steep, critic_optimizer=steep)
    attempt = Attempt(recipe, "digits", 20, rounds_of, lost={"score": 1.0})
    outcome = attempt.carry_out(tmp_path, 0)
    assert outcome["diverged"] == 1 and outcome["score"] == 1.0 and 0 < outcome["diverged_at"] <= 20
    assert attempt.carry_out(tmp_path, 0) == outcome


def test_samples_are_of_the_trained_weights(tmp_path):
    import torch

    Attempt(SMALL, "digits", 3, rounds_of).carry_out(tmp_path, 0)
    run = Run(tmp_path / "run")
    average, raw = (run.load_generator(weights).state_dict() for weights in ("average", "raw"))
    assert all(torch.equal(average[name], raw[name]) for name in raw)


@pytest.mark.parametrize("points", [0, 4])
def test_the_recipe_has_its_seed_and_one_thread(points):
    recipe = Attempt(SMALL, "digits", 20, rounds_of, points=points).prepared(7).recipe
    assert (recipe.seed, recipe.rounds, recipe.run.threads, recipe.run.precision) == (7, 20, 1, "fp32")
    assert recipe.run.keep_every == (5 if points else None)


class Stopper:
    """An observer that stops a training at a checkpoint."""

    def started(self, start): ...
    def logged(self, row): ...
    def evaluated(self, row): ...
    def pictured(self, picture): ...
    def ended(self, end): ...

    def saved(self, round_, path):
        if round_ == 10:
            raise KeyboardInterrupt


def samples_of(run, ready):
    return {"kept": rounds_kept(run), "samples": run.sample(8, seed=1).tolist()}


def test_a_training_that_was_stopped_goes_on_to_the_same_numbers(tmp_path):
    from steadygan import api

    attempt = Attempt(SMALL, "digits", 20, samples_of, points=4)
    whole = attempt.carry_out(tmp_path / "whole", 0)
    with contextlib.suppress(KeyboardInterrupt):
        api.train_prepared(attempt.prepared(0), tmp_path / "stopped" / "run", device="cpu", observers=[Stopper()])
    assert Run(tmp_path / "stopped" / "run").rounds_done < 20
    assert attempt.carry_out(tmp_path / "stopped", 0) == whole
    assert attempt.carry_out(tmp_path / "stopped", 0) == whole  # its training is finished, only measured again
