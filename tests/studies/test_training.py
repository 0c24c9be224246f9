"""Trials that train: what is resumed, what begins anew, and what a stopped one does."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from steadygan import api
from steadygan.networks import MLPCritic
from steadygan.recipe import Recipe
from steadygan.run import Run
from steadygan.studies import Training, Trial
from steadygan.studies.carrying_out import carry_out
from steadygan.studies.definition import Definition
from tests.studies.tiny import measured, small

WORK = Training("wgan-gp", "8gaussians", 6, measured, change=small)


@pytest.mark.slow
def test_a_training_of_other_rounds_begins_anew(tmp_path: Path) -> None:
    fresh = WORK.carry_out(tmp_path / "fresh", 0)
    WORK.fitted(3).carry_out(tmp_path / "changed", 0)
    changed = WORK.carry_out(tmp_path / "changed", 0)
    assert changed["rounds"] == 6
    assert changed["value"] == fresh["value"]


@pytest.mark.slow
def test_a_finished_training_is_measured_again_without_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = WORK.carry_out(tmp_path, 0)
    monkeypatch.setattr(api, "train_prepared", None)
    assert WORK.carry_out(tmp_path, 0)["value"] == first["value"]


@pytest.mark.slow
def test_a_training_that_a_signal_stopped_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    WORK.fitted(3).carry_out(tmp_path, 0)
    stopped = dataclasses.replace(Run(tmp_path / "run").recipe, rounds=6)

    class Stopped(Run):
        finished = False  # type: ignore[assignment]
        recipe = stopped  # type: ignore[assignment]

    monkeypatch.setattr(api, "train_prepared", lambda *arguments, **settings: Stopped(tmp_path / "run"))
    monkeypatch.setattr("steadygan.studies.training._remove", lambda folder: None)
    with pytest.raises(KeyboardInterrupt):
        WORK.carry_out(tmp_path, 0)


@pytest.mark.slow
def test_a_recipe_that_cannot_be_trained_is_an_outcome(tmp_path: Path) -> None:
    """As a setting of a grid: the others are trained nevertheless."""

    def normalised(recipe: Recipe) -> Recipe:
        return dataclasses.replace(small(recipe), critic=MLPCritic(width=8, depth=2, norm="batch"))

    trials = {tmp_path / "one": Trial({"norm": "batch"}, 0, dataclasses.replace(WORK, change=normalised))}
    trials[tmp_path / "other"] = Trial({"norm": "none"}, 0, WORK)
    definition = Definition("tests.studies.tiny:STUDY", "smoke", (0,))
    records = [carry_out(definition, trial, place) for place, trial in trials.items()]
    assert "batch norm" in str(records[0].failure) and records[1].failure is None
