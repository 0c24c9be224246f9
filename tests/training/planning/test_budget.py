"""A time that is kept: the end that fits, by a clock that the test moves; replays that end with the same bytes."""

from __future__ import annotations

import dataclasses
import json
import math
import random
import re
import time
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from steadygan import api
from steadygan.ema import Average
from steadygan.errors import UsageError
from steadygan.losses import Hinge
from steadygan.objectives import Adversarial, LeCam
from steadygan.optimizers import Adam
from steadygan.recipe import RunOptions, dumps, load
from steadygan.run.history import read_history
from steadygan.run.layout import list_checkpoints
from steadygan.run.marks import write_marks
from steadygan.schedules import Constant, LinearDecay
from steadygan.timeline import Replan
from steadygan.training import resumption, session
from steadygan.training.checking import check_run
from steadygan.training.planning import speed
from steadygan.training.planning.budget import Budget, Look, Planner, started_words
from steadygan.training.planning.costs import CHECKPOINT_SECONDS, EXIT_SECONDS, PICTURE_SECONDS
from steadygan.training.planning.due import Between
from steadygan.training.planning.plan import choose_intervals
from steadygan.training.planning.speed import Speed
from steadygan.training.planning.timing import Timing
from steadygan.training.resolve import resolve
from steadygan.training.session import new_run, resume_run
from tests.training.games import image_data, small_recipe
from tests.training.planning.simulated import Hand, comes_and_goes, simulated
from tests.training.runs import Watcher


@pytest.mark.parametrize(("minutes", "longest"), [(None, math.inf), (2.0, 3.0)])
def test_measuring_a_round_on_a_busy_processor_ends_with_its_share_of_the_time(minutes, longest, monkeypatch):
    """A limit of 3 of 120 seconds, after which each phase is timed by its first step."""
    limits, measure = [], speed.measure_speed
    monkeypatch.setattr(
        speed, "measure_speed", lambda *args, **kinds: limits.append(kinds["limit"]) or measure(*args, **kinds)
    )
    resolve(small_recipe(), image_data(200), torch.device("cpu"), None if minutes is None else Budget(60 * minutes))
    assert set(limits) == {longest}


FREE: dict[Between, float] = {"picture": 0.0, "evaluation": 0.0, "checkpoint": 0.0, "ending": 0.0}
"""costs of a run that does nothing but rounds"""


@pytest.mark.parametrize(
    ("seconds", "spent", "said"),
    [
        (3.0, 8.0, "the 0.05 minutes were over before the first round, after 8 s of starting and measuring"),
        (30.0, 12.0, "starting and measuring took 12 s of the 0.5 minutes: 18 s are left"),
        (600.0, 12.0, None),
    ],
)
def test_a_start_that_takes_much_of_the_time_is_said(seconds, spent, said):
    line = started_words(Budget(seconds, 0.0, clock=lambda: spent))
    assert line is said if said is None else line.startswith(said)


def test_a_run_whose_time_is_over_before_its_first_round_says_so(tmp_path):
    watcher = Watcher()
    began = time.perf_counter() - 100
    new_run(small_recipe(), image_data(), tmp_path / "run", minutes=0.05, began=began, observers=[watcher])
    (start,) = watcher.all("started")
    (line,) = (line for line in start.plan if line.startswith("note: the 0.05 minutes"))
    assert "before the first round" in line


def limited(rounds, **every):
    """A recipe of rounds of two steps, with intervals that are the run's length unless named."""
    intervals = {"log_every": 5, "picture_every": 10**6, "checkpoint_every": 10**6, "evaluate_every": 10**6, **every}
    return small_recipe(rounds=rounds, critic_steps=Constant(1), run=RunOptions(**intervals))


def trained(seconds, speeds, rounds, costs=FREE):
    """A run of ``rounds`` planned, whose round takes ``speeds(time)`` seconds."""
    return simulated(limited(rounds), seconds, speeds, a_step=0.5, costs=costs)


@pytest.mark.parametrize(
    "speeds",
    [
        lambda now: 0.1,  # as planned
        lambda now: 0.05,
        lambda now: 0.3,
        lambda now: 0.1 if now < 30 else 0.25,  # a second load that comes
        lambda now: 0.2 if now < 30 else 0.1,  # and one that goes
        lambda now: 0.1 if now % 16 < 8 else 0.2,  # and one that comes and goes
        lambda now: 0.1 if now < 57 else 0.3,  # at the very end
        lambda now: 0.3 if now < 57 else 0.1,
    ],
)
def test_a_run_ends_within_a_thirtieth_of_its_time_at_any_speed(speeds):
    assert trained(60.0, speeds, rounds=580).seconds == pytest.approx(60, abs=2)


def drawn(seed):
    """A simulated run of half a minute to two, planned at half to twice its speed: its time as a share of its limit.

    What comes after its last round takes up to 4% of the time on a free machine.
    """
    draw = random.Random(seed)
    minutes, a_step = draw.choice([0.5, 0.75, 1.0, 1.5, 2.0]), 10 ** draw.uniform(-2.7, -0.7)
    seconds, before = 60 * minutes, draw.uniform(2, 9 * minutes)
    costs = {
        "picture": draw.uniform(0.02, 0.005 * seconds),
        "evaluation": draw.uniform(0.1, 0.02 * seconds),
        "checkpoint": draw.uniform(0.02, 0.01 * seconds),
        "ending": draw.uniform(EXIT_SECONDS, 0.015 * seconds),
    }
    planned = max(2, int((seconds - before) / (2 * a_step) * draw.uniform(0.5, 2)))
    evaluator = SimpleNamespace(seconds=costs["evaluation"], count=0)
    recipe = choose_intervals(
        dataclasses.replace(limited(planned), run=RunOptions()), Speed(a_step, a_step), evaluator=evaluator
    )
    ended = simulated(recipe, seconds, comes_and_goes(seed), a_step=a_step, costs=costs, before=before)
    return ended.seconds / seconds


def test_a_hundred_runs_under_a_load_that_comes_and_goes_end_within_a_tenth_of_their_time():
    late_or_early = {seed: ratio for seed in range(100) if abs((ratio := drawn(seed)) - 1) > 0.1}
    assert late_or_early == {}


def test_the_speed_that_was_planned_moves_nothing():
    assert trained(60.0, lambda now: 0.1, rounds=598).recipe.replans == ()


def test_half_the_speed_moves_the_end_to_what_is_left():
    replans = trained(60.0, lambda now: 0.2, rounds=580).recipe.replans
    at, new = replans[0].round, replans[0].rounds
    assert new == pytest.approx(at + (60 - 0.2 * at - CHECKPOINT_SECONDS - PICTURE_SECONDS - EXIT_SECONDS) / 0.2, abs=2)
    assert len(replans) <= 3


def test_a_time_that_is_over_ends_after_one_more_round():
    ended = trained(10.0, lambda now: 0.1 if now < 4 else 5.0, rounds=80)
    assert ended.recipe.replans[-1].rounds == ended.recipe.replans[-1].round + 1
    assert ended.seconds < 21


def test_a_time_that_is_over_before_any_speed_is_known_ends_after_one_more_round():
    assert trained(10.0, lambda now: 20.0, rounds=80).recipe.rounds == 2


@pytest.mark.parametrize("planned", [2, 3, 12, 100])
def test_a_run_that_would_end_early_goes_on_even_from_its_last_round_but_one(planned):
    ended = trained(60.0, lambda now: 0.1, rounds=planned)
    assert ended.recipe.replans[0].round < planned
    assert ended.seconds == pytest.approx(60, abs=1)


def test_pictures_evaluations_and_checkpoints_are_counted_beside_the_rounds():
    costs = {"picture": 0.5, "evaluation": 3.0, "checkpoint": 1.0, "ending": EXIT_SECONDS}
    recipe = limited(rounds=1_000, picture_every=50, evaluate_every=100, checkpoint_every=100)
    ended = simulated(recipe, 100.0, lambda now: 0.1, a_step=0.5, costs={k: 10 * v for k, v in costs.items()})
    assert ended.seconds == pytest.approx(100, abs=2)
    a_round = 0.1 + 0.5 / 50 + 3.0 / 100
    assert ended.recipe.rounds == pytest.approx(100 / a_round, rel=0.06)


def test_the_cost_of_an_evaluation_follows_the_pace_of_rounds():
    """Measured at a third of the speed, it is a third once the load has gone."""
    clock = Hand(lambda now: 3.0 if now < 100 else 1.0)
    timing = Timing(limited(1_000), evaluates=True, clock=clock)
    for done in range(1, 501):
        clock.work(0.1)
        timing.mark(done)
        if done == 100:
            with timing.aside("evaluation"):
                clock.work(2.0)
    assert clock.now > 110
    assert timing.cost("evaluation") == pytest.approx(2.0, rel=0.01)


def test_the_display_and_the_end_of_a_run_go_by_the_same_seconds():
    clock = Hand(lambda now: 1.0)
    planner, recipe = Planner(Budget(60.0, 0.0, clock=clock)), limited(300)
    timing = Timing(recipe, clock=clock)
    for done in range(1, 101):
        clock.work(0.2)
        shown = timing.after(done)
        moved = planner.look(timing, recipe, done).rounds
        if done > 50:
            assert shown == pytest.approx((300 - done) * 0.2)
            assert moved is None


@pytest.fixture
def slow_then_fast(monkeypatch):
    """Runs with a time limit plan by a list of ends: (round, rounds)."""
    plans: dict[int, int] = {}

    class Told(Planner):
        def look(self, timing, recipe, done):
            return Look(plans.get(done), done + 1)

    monkeypatch.setattr(session, "Planner", Told)
    monkeypatch.setattr("steadygan.training.planning.plan.fit_minutes", lambda recipe, *_: recipe)
    return plans


def scheduled(**changes):
    run = RunOptions(precision="fp32", log_every=1, picture_every=50, checkpoint_every=5, keep_last=50, threads=1)
    rate = Adam(1e-3, betas=(0.0, 0.9), lr_factor=LinearDecay(12))
    settings = {
        "generator_optimizer": rate,
        "critic_optimizer": rate,
        "average": Average(LinearDecay(12, 50.0, 90.0)),
        "objective": LeCam(Adversarial(Hinge()), start=13),
        "penalties": (),
    }
    return small_recipe(rounds=12, run=run, **{**settings, **changes})


def weights(folder):
    """The bytes of the last checkpoint's tensors."""
    last = list_checkpoints(folder / "checkpoints")[-1]
    return {path.name: path.read_bytes() for path in sorted(last.glob("*.safetensors"))}


def logged(folder, field):
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [row[field] for row in rows]


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
    assert logged(folder, "critic_rate") == pytest.approx([1e-3 * (1 - position / 12) for position in at], rel=1e-6)
    paces = [1, 1, 1, 1, 2, 2, 0.8, 0.8, 0.8, 0.8, 0.8]  # half-lives are in samples of the run
    expected = [(50 + 40 * position / 12) / pace for position, pace in zip(at, paces, strict=True)]
    assert logged(folder, "average_half_life") == pytest.approx(expected, rel=1e-6)
    assert [rounds for rounds, _ in watcher.all("replanned")] == [8, 11]
    assert watcher.all("ended")[0].rounds == 11


def test_what_counts_steps_follows_a_new_end(replanned):
    """Of two critic steps a round: 8 in the first 4, 2 x 2 x 2 in the next 2, and 8 left in 5."""
    folder, _ = replanned
    counted = {
        round_: load_file(folder / f"checkpoints/{round_:06d}/objective.safetensors")["2"].item()  # of LeCam's numbers
        for round_ in (4, 6, 11)
    }
    assert counted == pytest.approx({4: 8, 6: 16, 11: 24})


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
    recipe = resumption.as_it_was(folder, load(folder / "recipe.yaml"), start)
    assert recipe.rounds == {4: 8, 5: 8, 6: 11, 10: 11}[start]
    resume_run(recipe, image_data(), folder, from_round=start)
    assert weights(folder) == whole
    assert load(folder / "recipe.yaml").replans == (Replan(4, 12, 8), Replan(6, 8, 11))
    assert len(read_history(folder)) == 2


def test_going_back_before_a_new_end_forgets_it(replanned, slow_then_fast):
    folder, _ = replanned
    slow_then_fast.clear()
    recipe = resumption.as_it_was(folder, load(folder / "recipe.yaml"), 5)
    assert (recipe.rounds, recipe.replans) == (8, (Replan(4, 12, 8),))
    resume_run(recipe, image_data(), folder, from_round=5)
    assert [change.round for change in read_history(folder)] == [4]
    assert check_run(folder).whole


def test_a_run_that_died_between_the_recipe_and_its_mark_was_not_edited_by_hand(replanned, slow_then_fast):
    folder, _ = replanned
    first = dataclasses.replace(load(folder / "recipe.yaml"), rounds=12, replans=())
    write_marks(folder, dumps(first), image_data().fingerprint, minutes=5.0)
    assert check_run(folder).whole
    recipe = resumption.as_it_was(folder, load(folder / "recipe.yaml"), 6)
    resume_run(recipe, image_data(), folder, from_round=6)
    assert {change.field for change in read_history(folder)} == {"rounds"}
    assert {change.by for change in read_history(folder)} == {"to keep the time"}


def test_a_resume_has_what_is_left_of_the_time(replanned, monkeypatch, slow_then_fast):
    folder, _ = replanned
    seen = []

    class Looks(Planner):
        def look(self, timing, recipe, done):
            seen.append(self.budget)
            return Look(None, done + 1)

    monkeypatch.setattr(session, "Planner", Looks)
    spent = json.loads((folder / "checkpoints/000006/state.json").read_text())["spent"]
    recipe = resumption.as_it_was(folder, load(folder / "recipe.yaml"), 6)
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
    assert torch.isfinite(torch.tensor(logged(folder, "critic_rate"))).all()


def told_at_start(folder, recipe, **how):
    """The lines that a resume begins with."""
    watcher = Watcher()
    resume_run(recipe, image_data(), folder, observers=[watcher], **how)
    return " ".join(watcher.all("started")[0].plan)


def test_a_resume_says_what_is_left_of_the_time(replanned, slow_then_fast):
    folder, _ = replanned
    recipe = resumption.as_it_was(folder, load(folder / "recipe.yaml"), 6)
    said = told_at_start(folder, recipe, from_round=6)
    assert re.search(r"note: [45] min of the 5 minutes of this run are left", said)


def test_a_resume_after_the_time_is_over_says_so_and_ends_within_two_rounds(replanned, monkeypatch):
    folder, _ = replanned
    monkeypatch.setattr(session, "Planner", Planner)
    recipe = resumption.as_it_was(folder, load(folder / "recipe.yaml"), 6)
    said = told_at_start(folder, recipe, from_round=6, began=time.perf_counter() - 301)
    assert "the 5 minutes of this run are over (5 min" in said
    assert load(folder / "recipe.yaml").rounds <= 8
    assert check_run(folder).whole


def test_more_rounds_drop_the_time_limit_with_a_line(replanned, slow_then_fast):
    folder, _ = replanned
    recipe = load(folder / "recipe.yaml")
    said = told_at_start(folder, dataclasses.replace(recipe, rounds=14), before=recipe)
    assert "14 rounds were asked for: the time limit of this run no longer holds" in said


def test_minutes_and_rounds_are_not_both_taken():
    with pytest.raises(UsageError, match="minutes and rounds both"):
        api.train("dcgan", "digits", minutes=1.0, rounds=5)
