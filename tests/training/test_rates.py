"""Rates and the best checkpoint that follow what is measured, whatever is logged, and through a resume."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.networks import MLPAutoencoderCritic
from steadygan.objectives import BoundaryEquilibrium
from steadygan.optimizers import Adam, RMSprop
from steadygan.plateau import Plateau
from steadygan.run import Run
from steadygan.run.layout import list_checkpoints
from steadygan.schedules import LinearDecay
from steadygan.training.session import new_run
from tests.training.games import image_data, small_recipe, table, training_round
from tests.training.runs import check_resumed_after_stops, rows, weights

PLATEAU = Plateau(every=2, patience=1, least=0.2, floor=0.1)


def recipe_of(**changes):
    """A small BEGAN whose rates fall early."""
    fields = {
        "critic": MLPAutoencoderCritic(width=16, depth=1, code=4, exponent=1),
        "objective": BoundaryEquilibrium(horizon=3.0),
        "penalties": (),
        "plateau": PLATEAU,
        "generator_optimizer": Adam(1e-3, lr_factor=LinearDecay(12)),
        **changes,
    }
    return small_recipe(**fields)


def with_run(recipe, **changes):
    return dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, **changes))


@pytest.mark.parametrize("optimizer", [Adam(1e-3), RMSprop(1e-3)])
def test_both_rates_are_the_schedules_times_the_factor_of_earlier_evaluations(optimizer):
    recipe = recipe_of(critic_optimizer=optimizer)
    game, feed, drawer = table(recipe, image_data())
    state = PLATEAU.initial_state()
    for round_ in range(8):
        training_round(game, feed, drawer.round(round_, 32 * round_), round_, 16 * round_)
        expected = state.factor.item()
        assert game.players["critic"].optimizer.param_groups[0]["lr"].item() == pytest.approx(1e-3 * expected)
        scheduled = 1e-3 * (1 - round_ / 12)
        assert game.players["generator"].optimizer.param_groups[0]["lr"].item() == pytest.approx(scheduled * expected)
        if round_ % 2:
            state = PLATEAU.next_state(game.state.objective.convergence_mean, state)
    assert state.factor < 1.0
    assert all(torch.equal(a, b) for a, b in zip(game.state.plateau, state, strict=True))


def test_rates_are_logged_as_they_were_in_the_round(tmp_path):
    recipe = with_run(recipe_of(rounds=6), log_every=1)
    new_run(recipe, image_data(), tmp_path / "run", device="cpu")
    for row in rows(tmp_path / "run"):
        assert row["critic_rate"] == pytest.approx(1e-3 * row["rate_factor"])
    assert [row["rate_factor"] for row in rows(tmp_path / "run")][:2] == [1.0, 1.0]


def test_rates_do_not_depend_on_what_is_logged_and_evaluated(tmp_path):
    new_run(recipe_of(), image_data(), tmp_path / "few", device="cpu")
    often = with_run(recipe_of(), log_every=1, checkpoint_every=1, picture_every=1)
    new_run(often, image_data(), tmp_path / "many", device="cpu")
    few, many = (weights(tmp_path / name, 12) for name in ("few", "many"))
    assert "plateau.2" in few and few["plateau.2"] < 1.0
    assert few.keys() == many.keys() and all(torch.equal(few[key], many[key]) for key in few)


def test_a_resumed_run_has_the_rates_of_one_that_never_stopped(tmp_path):
    recipe = with_run(recipe_of(), keep_last=12, log_every=1, checkpoint_every=1)
    check_resumed_after_stops(recipe, tmp_path, after=(1, 5, 10))


def test_the_checkpoint_where_a_number_of_the_state_was_lowest_stays(tmp_path):
    recipe = with_run(
        recipe_of(rounds=20, plateau=None, critic_optimizer=Adam(0.3)),
        keep_best="convergence_mean", keep_last=1, log_every=1, evaluate_every=4, evaluate="none",
    )  # fmt: skip
    new_run(recipe, image_data(), tmp_path / "run", device="cpu")
    run = Run(tmp_path / "run")
    found = {row["round"]: row["convergence_mean"] for row in run.evaluations}
    logged = {row["round"]: row["convergence_mean"] for row in rows(tmp_path / "run")}
    assert found == {round_: logged[round_] for round_ in (4, 8, 12, 16, 20)}
    best = min(found, key=lambda round_: found[round_])
    assert run.best_round == best != 20
    assert [int(path.name) for path in list_checkpoints(run.folder / "checkpoints")] == [best, 20]


def test_samples_are_evaluated_but_do_not_choose_the_best_checkpoint(tmp_path):
    class Judge:
        count, seconds = 3, 0.0

        def __call__(self, samples, labels):
            return {"judge": "brightness", "brightness": float(samples.mean())}

        def closing(self, metrics, evaluations):
            return ()

    recipe = with_run(recipe_of(), keep_best="convergence_mean", evaluate_every=6)
    new_run(recipe, image_data(), tmp_path / "run", device="cpu", evaluator=Judge())
    lines = [json.loads(line) for line in (tmp_path / "run" / "evaluations.jsonl").read_text().splitlines()]
    assert [line["judge"] for line in lines] == ["convergence_mean"] * 2
    assert all(line["brightness"] > 0 for line in lines)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"plateau": Plateau(of="convergence_men")},
            r"plateau\.of is 'convergence_men'.*did you mean 'convergence_mean'",
        ),
        (
            {"run": {"keep_best": "fid"}},
            r"run\.keep_best is 'fid'.*BoundaryEquilibrium: its numbers are k, convergence",
        ),
    ],
)
def test_numbers_that_the_objective_does_not_have_are_one_line(tmp_path, changes, message):
    recipe = recipe_of()
    recipe = with_run(recipe, **changes["run"]) if "run" in changes else dataclasses.replace(recipe, **changes)
    with pytest.raises(UsageError, match=message):
        new_run(recipe, image_data(), tmp_path / "run", device="cpu")


def test_an_objective_without_state_has_nothing_to_follow(tmp_path):
    with pytest.raises(UsageError, match="state of Adversarial: it has none"):
        new_run(small_recipe(plateau=Plateau()), image_data(), tmp_path / "run", device="cpu")
