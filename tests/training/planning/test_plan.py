"""What is decided before a run: threads, intervals, rounds that fit a time."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from steadygan.data import DataOptions, open_data
from steadygan.errors import UsageError
from steadygan.optimizers import Adam
from steadygan.penalties import R1, PathLength
from steadygan.recipe import RunOptions
from steadygan.schedules import Constant, CriticWarmUp, LinearDecay
from steadygan.training.engines.eager import EAGER
from steadygan.training.planning import plan, speed
from steadygan.training.planning.costs import CHECKPOINT_SECONDS, expected_costs
from steadygan.training.planning.plan import choose_intervals, decays, fit_minutes, warm_up_share
from steadygan.training.planning.speed import Speed, choose_threads, measure_speed
from tests.training.engines.trials import trial
from tests.training.games import small_recipe


@pytest.mark.parametrize(("gain", "chosen"), [(2.0, 4), (1.1, 1), (0.01, 1)])
def test_all_threads_are_taken_only_where_they_gain_a_quarter(monkeypatch, gain, chosen):
    used = [4]
    monkeypatch.setattr(torch, "get_num_threads", lambda: used[-1])
    monkeypatch.setattr(speed, "cores", lambda: 8)
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    threads, chosen_speed = choose_threads(small_recipe(), lambda: Speed(1 / gain if used[-1] == 4 else 1.0, 0.0))
    assert (threads, used[-1]) == (chosen, chosen)
    assert chosen_speed.critic_step == (1 / gain if chosen == 4 else 1.0)


@pytest.mark.parametrize(("seconds", "looks"), [(0.1, 4), (10.0, 2)])
def test_a_disturbed_moment_does_not_decide_on_threads(monkeypatch, seconds, looks):
    used = [2]
    monkeypatch.setattr(torch, "get_num_threads", lambda: used[-1])
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    monkeypatch.setattr(speed, "cores", lambda: 2)
    steps = [seconds * factor for factor in (3.0, 2.0, 2.0, 1.0)]  # two threads, one, one, two: twice as fast by itself
    measured = iter(steps)
    threads, chosen_speed = choose_threads(small_recipe(), lambda: Speed(next(measured), 0.0))
    assert len(list(measured)) == 4 - looks
    assert threads == (2 if looks == 4 else 1)
    assert chosen_speed.critic_step == pytest.approx(2.0 * seconds)


def test_a_container_with_a_quota_is_never_tried_with_more_threads(monkeypatch):
    used = [64]
    monkeypatch.setattr(torch, "get_num_threads", lambda: used[-1])
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    monkeypatch.setattr(speed, "cores", lambda: 2)
    assert choose_threads(small_recipe(), lambda: Speed(1 / used[-1], 0.0))[0] == 2
    assert set(used[1:]) == {1, 2}


def test_threads_that_the_recipe_names_are_kept(monkeypatch):
    used = [4]
    monkeypatch.setattr(torch, "get_num_threads", lambda: used[-1])
    monkeypatch.setattr(speed, "cores", lambda: 8)
    monkeypatch.setattr(torch, "set_num_threads", used.append)
    assert choose_threads(small_recipe(run=RunOptions(threads=3)), lambda: Speed(1.0, 1.0))[0] == 3
    assert used == [4, 3, 3]


def test_rounds_with_a_warm_up_cost_what_their_steps_cost():
    recipe = small_recipe(critic_steps=CriticWarmUp(5, 100, 25, 500), rounds=1000)
    speed = Speed(0.01, 0.1)
    assert speed.rounds(recipe, 0, 1000) == pytest.approx(26 * (1.0 + 0.1) + 974 * (0.05 + 0.1))


def test_minutes_give_the_rounds_that_fit_and_stretch_decays_with_them():
    recipe = small_recipe(
        critic_steps=Constant(4), rounds=1000, critic_optimizer=Adam(1e-3, lr_factor=LinearDecay(1000))
    )
    fitted = fit_minutes(recipe, Speed(0.01, 0.06), 1.0)
    assert fitted.rounds == pytest.approx(600 / plan._OVERHEAD, abs=1)
    assert fitted.critic_optimizer.lr_factor.rounds == fitted.rounds
    with pytest.raises(UsageError, match="above 0"):
        fit_minutes(recipe, Speed(1, 1), 0.0)


@pytest.mark.parametrize("minutes", [0.02, 0.2, 2.0])
def test_minutes_give_a_long_warm_up_the_part_of_a_run_that_it_may_take(minutes):
    recipe = small_recipe(critic_steps=CriticWarmUp(), rounds=200_000)
    speed = Speed(0.01, 0.02)
    short = fit_minutes(recipe, speed, minutes)
    assert warm_up_share(short, speed) <= 0.2
    moved = CriticWarmUp(warm_rounds=max(1, round(25 * short.rounds / 200_000)))
    assert short.critic_steps == moved.within(short.rounds) != CriticWarmUp()
    seconds = minutes * 60 / plan._OVERHEAD
    assert seconds - 1.0 < speed.rounds(short, 0, short.rounds) <= seconds


def test_pictures_take_a_fiftieth_of_the_time_and_there_are_a_few_in_any_run():
    recipe = small_recipe()
    drawn = recipe.run.pictured + 4 * recipe.fakes
    speed = Speed(0.0, 0.1, sample=0.35 / drawn)  # a picture costs half a second
    shared = choose_intervals(small_recipe(rounds=6_000, run=RunOptions()), speed).run  # ten minutes
    assert 20 <= shared.picture_every * 0.1 <= 50
    short = choose_intervals(small_recipe(rounds=40, run=RunOptions()), speed).run
    assert short.picture_every <= 20


def test_intervals_left_open_follow_the_speed_and_named_ones_stay():
    open_run = dataclasses.replace(small_recipe(rounds=100_000), run=RunOptions(log_every=7))
    settled = choose_intervals(open_run, Speed(0.001, 0.003), threads=2).run
    assert settled.log_every == 7
    assert settled.threads == 2
    assert settled.checkpoint_every is not None
    assert 15 < settled.checkpoint_every * 0.005 < 60
    assert settled.picture_every is not None
    assert settled.picture_every * 0.005 < 60


def test_the_share_of_a_warm_up_is_that_of_the_steps_beyond_the_usual_ones():
    recipe = small_recipe(rounds=100, critic_steps=CriticWarmUp(steps=5, warm_steps=100, warm_rounds=25, every=0))
    speed = Speed(1.0, 1.0)
    assert warm_up_share(recipe, speed) == pytest.approx(25 * 95 / (25 * 101 + 75 * 6))
    assert warm_up_share(dataclasses.replace(recipe, critic_steps=Constant(5)), speed) == 0.0


def test_decays_are_found_wherever_they_are():
    recipe = small_recipe(critic_optimizer=Adam(1e-3, lr_factor=LinearDecay(77)))
    assert decays(recipe) == [("critic_optimizer.lr_factor", 77)]


@pytest.mark.parametrize(("seconds", "between"), [(0.0, 25.0), (10.0, 200.0)])
def test_evaluations_take_a_twentieth_of_the_time_and_are_twenty_at_most(seconds, between):
    class Slow:
        count = 0

        def __init__(self):
            self.seconds = seconds

    settled = choose_intervals(
        small_recipe(rounds=100_000, run=RunOptions()), Speed(0.001, 0.003), evaluator=Slow()
    ).run
    assert 0.7 * between < settled.evaluate_every * 0.005 < 1.8 * between


def test_evaluations_cost_what_drawing_their_samples_takes_whatever_steps_do():
    tried = trial(small_recipe())
    setup, now = tried.build(), [0.0]

    def takes(seconds):
        def hook(module, inputs):
            now[0] += seconds * len(inputs[0])

        return hook

    setup.game.average.register_forward_pre_hook(takes(1.0))
    for player in setup.game.players.values():
        player.network.register_forward_pre_hook(takes(1_000.0))
    measured = measure_speed(setup, EAGER, budget=0.0, clock=lambda: now[0])
    assert measured.sample == 1.0 and measured.generator_step >= 1_000 * tried.recipe.fakes
    evaluator = SimpleNamespace(seconds=7.0, count=500)
    costs = expected_costs(tried.recipe, measured, evaluator)
    assert costs["evaluation"] == 7.0 + 500 + CHECKPOINT_SECONDS


def test_a_lazy_phase_takes_its_share_of_each_round():
    recipe = small_recipe(penalties=(R1(every=4), PathLength(every=2)))  # two critic steps a round
    assert Speed(1.0, 3.0, (8.0, 10.0)).round(recipe, 0) == 2 * 1.0 + 3.0 + 2 * 8.0 / 4 + 10.0 / 2


def test_the_plan_names_a_range_that_is_not_as_stored_and_warnings(tmp_path, monkeypatch):
    monkeypatch.setenv("STEADYGAN_CACHE", str(tmp_path / "cache"))
    ramp = np.linspace(0, 1, 20 * 64).reshape(20, 8, 8)

    def words(array, **options):
        np.save(tmp_path / "set.npy", array)
        return plan._range_words(open_data(DataOptions(source=str(tmp_path / "set.npy"), **options)))

    assert words((ramp * 255).astype(np.uint8)) == ()
    (line,) = words((ramp * 4095).astype(np.uint16))
    assert line.startswith("data: 0 to 4,095 become black to white (12 bits")
    (line, warning) = words(np.where(ramp < 0.5, -9999, ramp))
    assert line.startswith("data: -9,999 to 1 become")
    assert warning.startswith("warning: Nearly all numbers")
