"""Phases of a round: lazy regularisation against a plain loop, and the correction of the optimizers."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from steadygan.errors import RunError, UsageError
from steadygan.optimizers import SGD, Adam, AdamW, RMSprop, lazily_corrected
from steadygan.penalties import R1, R2, Drift, GradientPenalty
from steadygan.phases import Phase, lazy_correction, phases_of
from steadygan.recipe import RunOptions, dumps, loads
from steadygan.schedules import Constant
from steadygan.training import validate
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.float64 import double_setup, in_double
from steadygan.training.session import new_run, resume_run
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.counters import Counters
from steadygan.training.step.round import compute_gradients, training_round
from tests.training.games import image_data, small_recipe
from tests.training.runs import assert_same_end, rows

CPU = torch.device("cpu")


def test_penalties_of_each_step_are_in_the_main_phase_and_others_in_one_for_each_interval():
    phases = phases_of([R1(every=16), Drift(), R2(every=16), GradientPenalty(every=4)])
    assert phases == (
        Phase("critic", (1,)),
        Phase("critic", (3,), objective=False, every=4),
        Phase("critic", (0, 2), objective=False, every=16),
        Phase("generator"),
    )


def test_a_lazy_phase_follows_the_first_step_and_every_so_many_after_it():
    assert [step for step in range(10) if Phase("critic", (0,), objective=False, every=4).due(step)] == [0, 4, 8]


def test_the_correction_is_stylegan2s():
    """facts: k=4: lr .0025 -> .002, beta2 .99 -> .9919920; k=16: .00235294, .9905855."""
    critic = lazy_correction(phases_of([R1(every=16)]), "critic")
    settings = lazily_corrected(Adam(2.5e-3, betas=(0.0, 0.99)).settings(0), critic)
    assert settings["lr"] == pytest.approx(0.00235294, abs=1e-8)
    assert settings["betas"] == (0.0, pytest.approx(0.9905855, abs=1e-7))
    quarter = lazily_corrected(Adam(2.5e-3, betas=(0.0, 0.99)).settings(0), 4 / 5)
    assert quarter["lr"] == pytest.approx(0.002) and quarter["betas"][1] == pytest.approx(0.9919920, abs=1e-7)
    assert lazy_correction(phases_of([R1(every=16)]), "generator") == 1.0


def test_steps_proportional_to_the_gradient_need_no_correction():
    """A main gradient g in each of 4 steps and once 4 times a penalty's p: SGD moves by the sum of 4 (g + p) anyway."""
    every, (g, p), rate = 4, (0.3, 0.7), 0.1
    factor = lazy_correction(phases_of([R1(every=every)]), "critic")
    for momentum in (0.0, 0.5):
        weight = torch.nn.Parameter(torch.zeros((), dtype=torch.float64))
        spec = SGD(rate, momentum=momentum)
        optimizer = spec.build([weight])
        for group in optimizer.param_groups:
            group["lr"] = lazily_corrected(spec.settings(0), factor)["lr"]
        for step in range(200 * every):
            for gradient in (g, every * p) if step % every == 0 else (g,):
                weight.grad = torch.full_like(weight, gradient)
                optimizer.step()
        assert weight.item() == pytest.approx(-200 * every * rate * (g + p) / (1 - momentum), rel=2e-3)


@pytest.mark.parametrize("spec", [Adam(), AdamW(), RMSprop(), SGD()])
def test_without_lazy_phases_settings_are_as_they_were(spec):
    assert lazily_corrected(spec.settings(3), 1.0) == spec.settings(3)


@pytest.mark.parametrize("every", [0, -1, 1.5, True, "16"])
def test_an_interval_is_a_whole_number_of_steps(every):
    with pytest.raises(UsageError, match=r"R1\.every is .*whole number"):
        R1(every=every)


def test_the_interval_goes_through_yaml():
    recipe = small_recipe(penalties=(R1(2.0, every=16), GradientPenalty(every=4)))
    assert loads(dumps(recipe)) == recipe


def test_recipes_without_lazy_penalties_have_the_yaml_of_before_there_were_any():
    """Hashes of recipes, by which runs are grouped, rest on it."""
    assert "every:" not in dumps(small_recipe()).split("run:")[0]
    assert "every: 4" in dumps(small_recipe(penalties=(R1(every=4),)))


def doubled(recipe):
    return double_setup(SetupBuilder(recipe, image_data(), CPU).build())


def gradients(setup, phase, draws):
    compute_gradients(setup, phase, draws, EAGER)
    parameters = setup.game.players["critic"].parameters  # the last bias moves no gradient norm
    return [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in parameters]


@pytest.mark.parametrize("penalty", [R1, R2, GradientPenalty, Drift])
def test_a_lazy_penalty_has_its_interval_times_the_gradient_of_that_of_each_step(penalty):
    """At equal weights, in float64: (all terms - the objective) x every is the lazy phase's gradient."""
    each, lazy, without = (
        doubled(small_recipe(penalties=penalties)) for penalties in ((penalty(3.0),), (penalty(3.0, every=5),), ())
    )
    draws = in_double(each.drawer.round(0, 0)).critic[0]
    of_all = gradients(each, each.game.phases[0], draws)
    of_objective = gradients(without, without.game.phases[0], draws)
    of_lazy = gradients(lazy, lazy.game.phases[1], draws)
    for both, objective, got in zip(of_all, of_objective, of_lazy, strict=True):
        torch.testing.assert_close(got, 5 * (both - objective), rtol=1e-9, atol=1e-12)


def test_lazy_r1_trains_as_a_plain_loop_does():
    """Rounds of two critic steps, R1 after every third critic step of the run, Adam with StyleGAN2's numbers."""
    every, gamma, lr, betas = 3, 2.0, 1e-2, (0.5, 0.9)
    recipe = small_recipe(
        penalties=(R1(gamma, every=every),), critic_steps=Constant(2), critic_optimizer=Adam(lr, betas=betas)
    )
    ours, plain = doubled(recipe), doubled(recipe)
    generator, critic = plain.game.generator, plain.game.critic
    factor = every / (every + 1)
    adam = {"betas": tuple(beta**factor for beta in betas), "eps": 1e-8}
    of_critic = torch.optim.Adam(critic.parameters(), lr=lr * factor, **adam)
    spec = recipe.generator_optimizer
    of_generator = torch.optim.Adam(generator.parameters(), lr=spec.lr, betas=spec.betas, eps=spec.eps)
    step = position = 0
    for round_ in range(5):
        draws = in_double(ours.drawer.round(round_, position))
        training_round(ours, draws, Counters(round_, critic_steps=2 * round_, seen=16 * round_), EAGER)
        position += 32
        for drawn in draws.critic:
            real = plain.feed(drawn.real).samples
            with torch.no_grad():
                fake = generator(drawn.latents)
            of_critic.zero_grad()
            (critic(fake).score.mean() - critic(real).score.mean()).backward()
            of_critic.step()
            if step % every == 0:
                real = real.detach().requires_grad_()
                (gradient,) = torch.autograd.grad(critic(real).score.sum(), real, create_graph=True)
                of_critic.zero_grad()
                (every * gamma / 2 * gradient.flatten(1).square().sum(1).mean()).backward()
                of_critic.step()
            step += 1
        of_generator.zero_grad()
        (-critic(generator(draws.generator[0].latents)).score.mean()).backward()
        of_generator.step()
    for player, network in (("critic", critic), ("generator", generator)):
        pairs = zip(ours.game.players[player].network.parameters(), network.parameters(), strict=True)
        for one, other in pairs:
            torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)  # rates are float32


def test_a_lazy_penalty_that_is_not_finite_stops_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(validate, "check_own_parts", lambda *_: None)  # which would refuse it before the first round

    class Exploding(R1):
        def hold(self, gradient_norm):
            return gradient_norm / 0.0

    recipe = small_recipe(penalties=(Exploding(every=2),))
    with pytest.raises(RunError, match=r"lazy penalty of round 1 are not finite"):
        new_run(recipe, image_data(), tmp_path / "run", device="cpu")


def test_a_lazy_run_is_logged_and_resumes_to_the_last_digit(tmp_path):
    """Stops fall between lazy steps: what the record shows of the last one is part of the state."""
    run = RunOptions(precision="fp32", log_every=1, picture_every=6, checkpoint_every=3, pictured=9, evaluate="none")
    recipe = small_recipe(penalties=(R1(2.0, every=5),), critic_steps=Constant(1), rounds=9, run=run)
    new_run(recipe, image_data(), tmp_path / "whole", device="cpu")
    new_run(dataclasses.replace(recipe, rounds=3), image_data(), tmp_path / "cut", device="cpu")
    resume_run(dataclasses.replace(recipe, rounds=9), image_data(), tmp_path / "cut", device="cpu")
    assert_same_end(tmp_path / "whole", tmp_path / "cut", 9)
    values = [row["penalty_lazy/critic_every_5"] for row in rows(tmp_path / "whole")]
    assert values[0] == values[4] != values[5] == values[8]  # steps 0 and 5
    assert all(row["gradient_norm_mean"] > 0 and "penalty" not in row for row in rows(tmp_path / "whole"))
