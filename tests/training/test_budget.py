"""A time that is kept: the end that fits, by a clock that the test moves; replays that end with the same bytes."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch

from steadygan.ema import Average
from steadygan.optimizers import Adam
from steadygan.recipe import RunOptions, dumps, load
from steadygan.run.history import read_history
from steadygan.run.layout import list_checkpoints
from steadygan.schedules import LinearDecay
from steadygan.timeline import Replan
from steadygan.training import session
from steadygan.training.budget import CLOSING_SECONDS, Budget, Planner
from steadygan.training.checking import check_run
from steadygan.training.session import new_run, resume_run
from steadygan.training.speed import Speed
from steadygan.training.step.counters import Counters
from tests.training.games import image_data, small_recipe
from tests.training.runs import Watcher


class Hand:
    """A clock that the test moves."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def trained(seconds, speeds, rounds, every=1, costs=None):
    """Rounds and re-plans of a run of ``rounds``, whose round takes ``speeds(time)`` seconds."""
    clock = Hand()
    planner = Planner(Budget(seconds, 0.0, clock=clock), Speed(1.0, 1.0), costs)
    recipe = small_recipe(rounds=rounds, critic_steps=LinearDecay(10**9, start=1.0, end=1.0), run=RunOptions())
    done, moves = 0, []
    while done < recipe.rounds:
        clock.now += speeds(clock.now)
        done += 1
        if done % every == 0 or done == 1:
            new = planner.rounds(recipe, Counters(done, done)) if done < recipe.rounds else None
            if new is not None:
                moves.append((done, new))
                recipe = dataclasses.replace(recipe, rounds=new)
    return clock.now + CLOSING_SECONDS, moves


@pytest.mark.parametrize(
    "speeds",
    [
        lambda now: 0.1,  # as planned
        lambda now: 0.05,
        lambda now: 0.3,
        lambda now: 0.1 if now < 30 else 0.25,  # a second load that comes
        lambda now: 0.2 if now < 30 else 0.1,  # and one that goes
        lambda now: 0.1 if now % 16 < 8 else 0.2,  # and one that comes and goes
        lambda now: 0.1 if now < 55 else 0.3,  # at the very end
    ],
)
def test_a_run_ends_within_a_tenth_of_its_time_at_any_speed(speeds):
    ended, _ = trained(60.0, speeds, rounds=580, every=5)
    assert 54 <= ended <= 66


def test_the_speed_that_was_planned_moves_nothing():
    assert trained(60.0, lambda now: 0.1, rounds=580)[1] == []


def test_half_the_speed_moves_the_end_to_what_is_left():
    _, moves = trained(60.0, lambda now: 0.2, rounds=580)
    at, new = moves[0]
    assert abs(new - at - (60 - CLOSING_SECONDS - 0.2 * at) / 0.2) <= 1


def test_a_time_that_is_over_ends_after_one_more_round():
    ended, moves = trained(10.0, lambda now: 0.1 if now < 4 else 5.0, rounds=80)
    assert moves[-1][1] == moves[-1][0] + 1
    assert ended < 21


def test_pictures_evaluations_and_checkpoints_are_counted_beside_the_rounds():
    clock = Hand()
    planner = Planner(Budget(100.0, 0.0, clock=clock), None, {"picture": 0.0, "evaluation": 0.0, "checkpoint": 0.0})
    run = RunOptions(picture_every=10, evaluate_every=50, checkpoint_every=20)
    recipe = small_recipe(rounds=10_000, run=run)
    for done in range(1, 101):
        clock.now += 0.1
        if done == 50:
            with planner.aside("evaluation"):
                clock.now += 3.0
        last = planner.rounds(recipe, Counters(done, done * recipe.steps(done)))
    a_round = 0.1 + 3.0 / 50
    assert last == 100 + int((100 - 13 - CLOSING_SECONDS - 3.0) / a_round)


@pytest.fixture
def slow_then_fast(monkeypatch):
    """Runs with a time limit plan by a list of ends: (round, rounds)."""
    plans: dict[int, int] = {}

    class Told(Planner):
        def rounds(self, recipe, counters):
            return plans.get(counters.round)

    monkeypatch.setattr(session, "Planner", Told)
    monkeypatch.setattr("steadygan.training.plan.fit_minutes", lambda recipe, *_: recipe)
    return plans


def scheduled(**changes):
    run = RunOptions(precision="fp32", log_every=1, picture_every=50, checkpoint_every=5, keep_last=50, threads=1)
    rate = Adam(1e-3, betas=(0.0, 0.9), lr_factor=LinearDecay(12))
    return small_recipe(
        rounds=12, generator_optimizer=rate, critic_optimizer=rate, average=Average(50.0), run=run, **changes
    )


def weights(folder):
    """The bytes of the last checkpoint's tensors."""
    last = list_checkpoints(folder / "checkpoints")[-1]
    return {path.name: path.read_bytes() for path in sorted(last.glob("*.safetensors"))}


def rates(folder):
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [row["critic_rate"] for row in rows]


@pytest.fixture
def replanned(slow_then_fast, tmp_path):
    """A run of 12 rounds that became one of 8 after round 4, and one of 11 after round 6."""
    slow_then_fast.update({4: 8, 6: 11})
    watcher, folder = Watcher(), tmp_path / "run"
    watcher.replanned = lambda rounds, line: watcher.told.append(("replanned", (rounds, line)))
    assert new_run(scheduled(), image_data(), folder, minutes=5.0, observers=[watcher]) == "finished"
    return folder, watcher


def test_schedules_follow_a_new_end(replanned):
    folder, watcher = replanned
    moved = load(folder / "recipe.yaml")
    assert (moved.rounds, moved.replans) == (11, (Replan(4, 12, 8), Replan(6, 8, 11)))
    at = [0, 1, 2, 3, 4, 6, 8, 8, 9, 10, 11]  # 8 left in 4 rounds; then 4 left in 5
    assert rates(folder) == pytest.approx([1e-3 * (1 - position / 12) for position in at], rel=1e-6)
    assert [rounds for rounds, _ in watcher.all("replanned")] == [8, 11]
    assert watcher.all("ended")[0].rounds == 11


def test_a_new_end_is_in_the_history_and_the_run_is_whole(replanned):
    folder, _ = replanned
    assert [(c.round, c.field, c.old, c.new) for c in read_history(folder)] == [
        (4, "rounds", 12, 8),
        (6, "rounds", 8, 11),
    ]
    report = check_run(folder)
    assert report.whole
    assert all(finding.state == "whole" for finding in report.findings)
    assert "12 → 8 from round 4 on" in report.changes[0]


def test_the_recipe_of_a_run_trains_its_very_weights_without_any_clock(replanned, tmp_path):
    folder, _ = replanned
    again = tmp_path / "again"
    new_run(load(folder / "recipe.yaml"), image_data(), again)
    assert weights(again) == weights(folder)


@pytest.mark.parametrize("start", [4, 5, 6, 10])
def test_a_run_resumed_at_any_checkpoint_ends_with_the_same_bytes(replanned, slow_then_fast, start):
    folder, _ = replanned
    whole = weights(folder)
    recipe = session.resumption.as_it_was(folder, load(folder / "recipe.yaml"), start)
    assert recipe.rounds == {4: 8, 5: 8, 6: 11, 10: 11}[start]
    resume_run(recipe, image_data(), folder, from_round=start)
    assert weights(folder) == whole
    assert load(folder / "recipe.yaml").replans == (Replan(4, 12, 8), Replan(6, 8, 11))
    assert len(read_history(folder)) == 2


def test_going_back_before_a_new_end_forgets_it(replanned, slow_then_fast):
    folder, _ = replanned
    slow_then_fast.clear()
    recipe = session.resumption.as_it_was(folder, load(folder / "recipe.yaml"), 5)
    assert (recipe.rounds, recipe.replans) == (8, (Replan(4, 12, 8),))
    resume_run(recipe, image_data(), folder, from_round=5)
    assert [change.round for change in read_history(folder)] == [4]
    assert check_run(folder).whole


def test_a_run_that_died_between_the_recipe_and_its_mark_was_not_edited_by_hand(replanned, slow_then_fast):
    folder, _ = replanned
    first = dataclasses.replace(load(folder / "recipe.yaml"), rounds=12, replans=())
    session.write_marks(folder, dumps(first), image_data().fingerprint, minutes=5.0)
    assert check_run(folder).whole
    recipe = session.resumption.as_it_was(folder, load(folder / "recipe.yaml"), 6)
    resume_run(recipe, image_data(), folder, from_round=6)
    assert {change.field for change in read_history(folder)} == {"rounds"}
    assert {change.by for change in read_history(folder)} == {"to keep the time"}


def test_a_resume_has_what_is_left_of_the_time(replanned, monkeypatch, slow_then_fast):
    folder, _ = replanned
    seen = []

    class Looks(Planner):
        def rounds(self, recipe, counters):
            seen.append(self.budget)

    monkeypatch.setattr(session, "Planner", Looks)
    spent = json.loads((folder / "checkpoints/000006/state.json").read_text())["spent"]
    recipe = session.resumption.as_it_was(folder, load(folder / "recipe.yaml"), 6)
    resume_run(recipe, image_data(), folder, from_round=6)
    assert (seen[0].seconds, seen[0].before) == (300.0, spent)
    assert 0 < spent < 300


def test_a_run_without_a_time_limit_never_plans_anew(slow_then_fast, tmp_path):
    slow_then_fast.update({4: 8})
    new_run(scheduled(), image_data(), tmp_path)
    assert load(tmp_path / "recipe.yaml").replans == ()
    assert not (tmp_path / "history.jsonl").exists()
    assert "spent" not in json.loads((tmp_path / "checkpoints/000010/state.json").read_text())


def test_a_longer_run_asked_for_is_trained_to_its_end(replanned, slow_then_fast):
    folder, _ = replanned
    slow_then_fast.update({12: 13})
    recipe = load(folder / "recipe.yaml")
    resume_run(dataclasses.replace(recipe, rounds=14), image_data(), folder, before=recipe)
    assert load(folder / "recipe.yaml").rounds == 14
    assert torch.isfinite(torch.tensor(rates(folder))).all()
