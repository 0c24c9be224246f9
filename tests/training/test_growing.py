"""Runs that grow: stages in the rounds, exact resumes across them, engines at each level, and time by level."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from steadygan.diagnostics.watching import subject_of
from steadygan.diagnostics.work import passes
from steadygan.errors import UsageError
from steadygan.growth import Growth
from steadygan.networks import MLPCritic, ProGANCritic
from steadygan.networks.layers.growing import as_grown
from steadygan.penalties import GradientPenalty
from steadygan.run import Run
from steadygan.timeline import Replan
from steadygan.training.engines.compiled import Compiled
from steadygan.training.engines.eager import EAGER
from steadygan.training.held_out import HeldOutMeasure
from steadygan.training.planning.agenda import work_until
from steadygan.training.planning.plan import fit_minutes, plan_lines
from steadygan.training.planning.speed import Speed, measure_speed
from steadygan.training.planning.timing import Timing
from steadygan.training.step.counters import Counters
from steadygan.training.step.round import training_round
from steadygan.training.step.setup import Setup
from steadygan.types import SampleSpec
from tests.training.engines.trials import trial
from tests.training.games import growing_recipe, image_data, small_recipe, table
from tests.training.runs import check_resumed_from_copies, rows, weights
from tests.training.worlds import traced_errors_at

LONGER = Growth(48, 64, (16,), (0.5,))
"""3 rounds of 16 at 4 px, 8 of 8 fading"""


def test_stages_set_networks_rates_and_moments_before_the_steps_of_a_round():
    recipe = growing_recipe()
    game, feed, drawer = table(recipe, image_data())
    position = seen = 0
    for round_, (level, fade, batch) in enumerate([(0, 0, 16), (1, 1, 8), (1, 0.5, 8), (1, 0, 8), (1, 0, 8)]):
        boundary = round_ in (1, 3)
        steps = _steps(game)
        game.set_round(round_)
        assert _steps(game) == (set() if boundary else steps)  # moments begin anew with a stage, and only then
        draws = drawer.round(round_, position)
        training_round(Setup(game, feed, drawer), draws, Counters(round_, round_, position, seen), EAGER)
        assert len(draws.critic[0].latents) == len(draws.generator[0].latents) == batch
        for network in game.networks.values():
            assert (network.level, network.fade.item(), network.present.item()) == (level, fade, level)
        assert game.stages.level == level
        rate = 1e-3 * (0.5 if level == 0 else 1)
        for player in game.players.values():
            assert float(player.optimizer.param_groups[0]["lr"]) == pytest.approx(rate)
            trained = {key for key, p in player.network.named_parameters() if p in player.optimizer.state}
            assert {
                "blocks.0.0.bias" if player is game.players["critic"] else "blocks.1.0.bias"
            } & trained or level == 0
            assert (len(trained) < len(player.parameters)) == (level == 0)
        assert _steps(game) == {2.0} if round_ in (2, 4) else {1.0}
        position, seen = position + drawer.samples_in(round_), seen + batch
    assert position == recipe.growth.images_before(5, 8) == Counters(5, 5, position, seen).images(recipe)


def test_stages_follow_a_run_that_is_planned_anew():
    """As those of a game that is built from its recipe, which a resumed run is."""
    recipe = growing_recipe(rounds=30, growth=Growth(64, 64, (16,), (0.5,)))
    game = table(recipe, image_data())[0]
    game.set_round(3)
    planned = dataclasses.replace(recipe, rounds=15, replans=(Replan(3, 30, 15),))
    game.recipe = planned
    again = table(planned, image_data())[0]
    found = []
    for round_ in range(3, 15):
        for each in (game, again):
            each.set_round(round_)
        found.append((game.stages.level, float(game.stages.fade)))
        assert found[-1] == (again.stages.level, float(again.stages.fade))
        assert game.generator.level == again.generator.level
    assert found[-1] == (1, 0.0) and len({level for level, _ in found}) == 2


def test_the_work_of_looks_is_reckoned_at_full_size_wherever_a_session_begins():
    game, feed, _ = table(growing_recipe(), image_data())
    subject = subject_of(game, image_data(), HeldOutMeasure(game.recipe, image_data(), feed))
    whole = passes(subject)
    game.set_round(0)
    assert game.generator.level == 0
    assert passes(subject) == whole and game.generator.level == 0 and int(game.generator.present) == 0


def _steps(game):
    """How many steps the moments of the parameters have taken."""
    return {float(state["step"]) for player in game.players.values() for state in player.optimizer.state.values()}


def test_a_level_begins_in_the_average_as_it_does_in_the_generator():
    game, feed, drawer = table(growing_recipe(), image_data())
    training_round(Setup(game, feed, drawer), drawer.round(0, 0), Counters(), EAGER)
    averaged = dict(game.average.named_parameters())
    same = {key for key, parameter in game.generator.named_parameters() if torch.equal(parameter, averaged[key])}
    assert {key for key in same if "blocks.1" in key or "colours.1" in key} == same  # all that is above, nothing below


def test_real_samples_are_shown_with_the_detail_of_the_stage():
    game, feed, drawer = table(growing_recipe(), image_data())
    batch = feed(drawer.round(0, 0).critic[0].real)
    for round_, factor, fade in ((0, 2, None), (1, 1, 1.0), (2, 1, 0.5), (3, 1, None)):
        game.set_round(round_)
        expected = as_grown(batch.samples, factor, None if fade is None else torch.tensor(fade))
        assert torch.equal(game.stages.shown(batch).samples, expected)
    assert game.stages.shown(batch) is batch


@pytest.mark.slow
def test_runs_resume_to_the_last_digit_within_a_stage_within_a_fade_and_on_their_boundaries(tmp_path):
    run = dataclasses.replace(small_recipe().run, log_every=1, checkpoint_every=1, threads=1, evaluate="none")
    recipe = growing_recipe(growth=LONGER, rounds=14, run=run)
    check_resumed_from_copies(recipe, tmp_path, after=(2, 3, 6, 11, 12))  # fades from round 3 up to round 11
    whole = tmp_path / "whole"
    saved = {round_: weights(whole, round_) for round_ in (3, 4, 11, 12)}
    # a checkpoint on a boundary has the moments of the stage before it, the next one those of a single step
    steps = {round_: {t.item() for key, t in found.items() if key.endswith(".step")} for round_, found in saved.items()}
    assert steps == {3: {3.0}, 4: {1.0}, 11: {8.0}, 12: {1.0}}
    seen = [row["samples"] for row in rows(whole)]
    assert seen == [*range(16, 49, 16), *range(56, 137, 8)]
    run = Run(whole)
    small = run.load_generator(round_=2)
    assert small.level == 0 and run.load_generator(round_=6).level == 1
    images = small(torch.randn(3, 4)).detach().numpy()
    assert images.shape == (3, 1, 8, 8)
    assert np.array_equal(images, images[:, :, ::2, ::2].repeat(2, 2).repeat(2, 3))


@pytest.mark.slow
def test_compiled_steps_have_the_eager_gradients_within_a_fade():
    found = traced_errors_at(trial(growing_recipe(penalties=(GradientPenalty(10.0),))), 2)
    assert max(found.values()) < 1e-9
    assert any(key.startswith("critic.blocks.0") for key in found)


def test_steps_are_compiled_once_a_level_and_not_for_a_fade(monkeypatch):
    compiled = []
    monkeypatch.setattr(Compiled, "_compiled", lambda self, function: compiled.append(function) or function)
    engine = Compiled()
    game, feed, drawer = table(growing_recipe(penalties=()), image_data())
    counts = []
    for round_ in range(5):
        draws = drawer.round(round_, 0)
        training_round(Setup(game, feed, drawer), draws, Counters(round_, round_, 0, 8 * round_), engine)
        counts.append(len(compiled))
    assert counts == [2, 4, 4, 4, 4]


def test_time_is_planned_by_level():
    recipe = growing_recipe(growth=Growth(1_600, 800, (16,)), rounds=1_000)  # 100 rounds at 4 px, 900 at 8
    speed = Speed(0.03, 0.01, levels=(Speed(0.001, 0.001), Speed(0.03, 0.01)))
    assert speed.rounds(recipe, 0, 1_000) == pytest.approx(100 * 0.002 + 900 * 0.04)
    assert speed.rounds(recipe, 90, 110) == pytest.approx(10 * 0.002 + 10 * 0.04)
    assert speed.typical(recipe) == pytest.approx(0.0362)
    fitted = fit_minutes(recipe, speed, 1.0)
    assert speed.rounds(fitted, 0, fitted.rounds) == pytest.approx(60 / 1.1, rel=0.01)
    assert fitted.stage_rounds(0, fitted.rounds)[0] == pytest.approx(fitted.rounds / 10, abs=2)
    work = work_until(recipe, speed.level_costs(recipe))
    assert work(1_000) == pytest.approx(1_000)
    assert work(100) == pytest.approx(1_000 * 0.2 / 36.2) and work(550) == pytest.approx(1_000 * 18.2 / 36.2)
    left = Timing(recipe_with_intervals(recipe), clock=(clock := Clock()), costs=speed.level_costs(recipe))
    for done in (1, 50, 90):
        clock.now = 0.002 * done
        seconds = left.after(done)
    assert seconds == pytest.approx(10 * 0.002 + 900 * 0.04)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def recipe_with_intervals(recipe):
    run = dataclasses.replace(recipe.run, picture_every=1_000, checkpoint_every=1_000, evaluate_every=1_000)
    return dataclasses.replace(recipe, run=run)


def test_each_level_is_measured_and_the_plan_says_it():
    tried = trial(growing_recipe(rounds=40))
    setup = tried.build()
    speed = measure_speed(setup, EAGER, budget=0.0)
    assert len(speed.levels) == 2 and speed.critic_step == speed.levels[1].critic_step
    (line,) = [line for line in plan_lines(tried.recipe, setup.game, speed, tried.dataset) if "grows" in line]
    assert "4 px 1 round of batch 16" in line and "8 px 39 rounds of batch 8" in line


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"growth": Growth(16, 16, (8, 8))},
            "batches of 2 levels below the full size, but .* has 1.* or name the recipe anew",
        ),
        ({"critic": MLPCritic(8, 1)}, "critic MLPCritic.* cannot grow"),
    ],
)
def test_networks_that_do_not_grow_so_are_refused(changes, words):
    with pytest.raises(UsageError, match=words):
        table(growing_recipe(**changes), image_data())


def test_groups_have_to_divide_the_batch_of_each_level():
    from steadygan.training.validate import check_game

    game, _, _ = table(growing_recipe(growth=Growth(16, 16, (14,)), critic=ProGANCritic(64, 6, group=4)), image_data())
    with pytest.raises(UsageError, match=r"groups of 4, but growth.batches has 14"):
        check_game(game)


def test_networks_that_can_grow_have_their_full_size_without_growth():
    game, feed, drawer = table(growing_recipe(growth=None), image_data())
    training_round(Setup(game, feed, drawer), drawer.round(0, 0), Counters(), EAGER)
    assert game.generator.level == game.critic.level == 1
    assert game.generator.fade.item() == 0.0
    assert game.generator(torch.randn(2, 4)).shape == (2, *SampleSpec((1, 8, 8)).shape)
