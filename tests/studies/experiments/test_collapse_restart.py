"""After a collapse: trainings that go on equal those of that length, also when stopped between; and the claims."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan import api
from steadygan.run import Run
from steadygan.studies import Results, Row, find
from steadygan.studies.experiments._continued import Continued, keeping
from steadygan.studies.experiments._games import small_gan
from steadygan.studies.experiments._quality import Attempt, at_end
from steadygan.studies.experiments.collapse_restart import (
    AGAIN,
    ON,
    SLOWER,
    gained_modes,
    lowered,
)
from tests.studies.experiments.lesson import answer, at_smoke_scale, paper_recipes, well_planned


@pytest.mark.slow
def test_it_runs_at_smoke_scale(tmp_path):
    results = at_smoke_scale("collapse-restart", tmp_path)
    assert results.settings("then") == [ON, SLOWER, AGAIN]
    runs = {path.name: Run(path / "run").recipe for path in tmp_path.iterdir()}
    rates = {name: recipe.generator_optimizer.lr for name, recipe in runs.items()}
    assert sorted(rates.values()) == pytest.approx([2e-5, 2e-5, 2e-4])


def test_it_is_planned_for_a_laptop():
    well_planned("collapse-restart", 2 * 3)
    works = [trial.work for trial in find("collapse-restart").trials("laptop", [0])[:3]]
    assert [work.rounds for work in works] == [5_000, 5_000, 2_500]
    assert [work.fitted(501).rounds for work in works] == [500, 500, 501]


def test_at_the_papers_scale_a_tenth_of_the_rate_is_what_differs():
    found = {given["then"]: recipe for given, recipe in paper_recipes("collapse-restart")}
    assert found[AGAIN] == lowered(found[ON]) and found[SLOWER] == found[ON]
    assert found[AGAIN].critic_optimizer.lr == pytest.approx(0.1 * found[ON].critic_optimizer.lr)


def fast(rounds: int) -> Attempt:
    return Attempt(small_gan(8), "8gaussians", rounds, at_end, plan=keeping)


@pytest.mark.slow
def test_to_train_on_is_one_training_of_twice_the_length(tmp_path):
    whole = fast(8).carry_out(tmp_path / "whole", 3)
    parts = Continued(fast(4)).carry_out(tmp_path / "parts", 3)
    assert parts["distance"] == whole["distance"] and np.array_equal(parts["samples"], whole["samples"])
    half = fast(4).carry_out(tmp_path / "half", 3)
    assert parts["before"] == half["modes"]


@pytest.mark.slow
def test_a_trial_that_was_stopped_between_its_parts_ends_with_the_same_numbers(tmp_path):
    work = Continued(fast(4), lowered)
    expected = work.carry_out(tmp_path / "one", 3)
    work.first.carry_out(tmp_path / "stopped", 3)
    assert np.array_equal(work.carry_out(tmp_path / "stopped", 3)["samples"], expected["samples"])
    work.first.carry_out(tmp_path / "later", 3)
    api.resume(tmp_path / "later" / "run", more_rounds=4, change=lowered, device="cpu", observers=[])
    assert np.array_equal(work.carry_out(tmp_path / "later", 3)["samples"], expected["samples"])


def results(before: list[float], on: list[float], slower: list[float], again: list[float]) -> Results:
    rows = []
    for seed, (was, *after) in enumerate(zip(before, on, slower, again, strict=True)):
        for name, modes in zip((ON, SLOWER, AGAIN), after, strict=True):
            values = {"modes": modes} | ({} if name == AGAIN else {"before": was})
            rows.append(Row({"case": "a", "then": name}, seed, values))
    return Results(tuple(rows))


def test_only_trainings_that_collapsed_count():
    some = results([0.1, 0.9, 0.2], [0.1, 1.0, 0.3], [0.1, 1.0, 0.3], [0.9, 0.0, 0.9])
    assert gained_modes(some, ON, AGAIN) == pytest.approx({0: 0.8, 2: 0.6})


def test_claims_are_decided_by_modes():
    low, high = [0.1, 0.12, 0.1, 0.11, 0.1], [0.9, 1.0, 0.95, 0.97, 1.0]
    lesson, reverse = results(low, low, low, high), results(low, high, high, low)
    for claim in ("not trained away", "start again at a lower rate", "from the beginning"):
        assert answer("collapse-restart", claim, lesson) == "holds"
        assert answer("collapse-restart", claim, reverse) == "does not hold"
        assert answer("collapse-restart", claim, results(high, low, low, high)) == "not decided here"
