"""Penalty weights and the average's half-life by schedule: as constants where they are constant, else by round."""

from __future__ import annotations

import copy
import json
import math

import pytest
import torch

from steadygan.ema import Average
from steadygan.losses import RelativisticPaired
from steadygan.networks import DCGANCritic, DCGANGenerator
from steadygan.objectives import Adversarial
from steadygan.optimizers import SGD, Adam
from steadygan.penalties import R1, R2, Drift, GradientPenalty
from steadygan.recipe import dumps, loads, stretched
from steadygan.schedules import Constant, Cosine, LinearDecay
from steadygan.training.session import new_run
from tests.training.games import (
    convolutional_recipe,
    critic_step,
    critic_terms,
    image_data,
    small_recipe,
    table,
    training_round,
)
from tests.training.runs import check_resumed_from_copies, rows


def states(recipe, rounds=3):
    """Every number of a game after a few rounds."""
    game, feed, drawer = table(recipe, image_data())
    for round_ in range(rounds):
        training_round(game, feed, drawer.round(round_, 100 * round_), round_, 10_000 + 16 * round_)
    return [t for part in (game.generator, game.critic, game.average) for t in part.state_dict().values()]


@pytest.mark.parametrize(
    ("penalty", "weight"), [(GradientPenalty, 10.0), (GradientPenalty, 0.003), (R1, 0.1), (R2, 0.1), (Drift, 0.003)]
)
def test_a_constant_schedule_is_the_number_to_the_last_digit(penalty, weight):
    plain = states(convolutional_recipe(penalties=(penalty(weight),), average=Average(300.0)))
    scheduled = convolutional_recipe(penalties=(penalty(Constant(weight)),), average=Average(Constant(300.0)))
    assert all(torch.equal(one, other) for one, other in zip(plain, states(scheduled), strict=True))


def doubled(recipe):
    """A game in float64 whose samples are float64 too."""
    game, feed, drawer = table(recipe, image_data())
    game.generator.double()
    game.critic.double()
    game.players["generator"].parameters = list(game.generator.parameters())
    game.players["critic"].parameters = list(game.critic.parameters())

    def wide(draws):
        batch = feed(draws)
        return batch._replace(samples=batch.samples.double())

    draws = drawer.round(0, 0)
    steps = tuple(step._replace(latents=step.latents.double()) for step in draws.critic)
    return game, wide, draws._replace(critic=steps)


@pytest.mark.parametrize("round_", [0, 3, 7, 10, 500])
def test_r1_and_r2_by_schedule_are_their_formulas_at_each_round(round_):
    gamma, other = Cosine(10, 0.7, 0.05), LinearDecay(8, 0.0, 2.0)
    recipe = convolutional_recipe(
        objective=Adversarial(RelativisticPaired()), penalties=(R1(gamma), R2(other)), critic_optimizer=SGD(0.1)
    )
    game, feed, draws = doubled(recipe)
    game.set_round(round_)
    draw = draws.critic[0]
    real = feed(draw.real)
    with torch.no_grad():
        fake = game.generate(draw.latents, real.labels)
    critic = copy.deepcopy(game.critic)
    loss = torch.nn.functional.softplus(critic(fake.samples).score - critic(real.samples).score).mean()
    done = min(1.0, round_ / 10)
    weights = 0.05 + (0.7 - 0.05) * (1 + math.cos(math.pi * done)) / 2, 2.0 * min(1.0, round_ / 8)
    for points, weight in zip((real.samples, fake.samples), weights, strict=True):
        squares = []
        for point in points:  # one backward pass a sample: nothing can mix
            x = point[None].clone().requires_grad_(True)
            (gradient,) = torch.autograd.grad(critic(x).score.sum(), x, create_graph=True)
            squares.append(gradient.square().sum())
        loss = loss + weight / 2 * torch.stack(squares).mean()
    loss.backward()
    terms = critic_terms(game, real, fake, draw, game.state.objective)
    assert terms.loss.item() == pytest.approx(loss.item(), rel=1e-10)
    critic_step(game, feed, draw)
    for ours, plain in zip(game.critic.parameters(), critic.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, plain.grad, rtol=1e-8, atol=1e-11)


def test_the_half_life_of_the_average_follows_its_schedule():
    average = Average(LinearDecay(10, 0.0, 1000.0), ramp=None)
    assert average.decay(50, 10**9, 0) == 0.0
    assert average.decay(50, 10**9, 5) == pytest.approx(0.5 ** (50 / 500))
    assert average.decay(50, 10**9, 99) == pytest.approx(0.5 ** (50 / 1000))
    game, feed, drawer = table(small_recipe(average=average), image_data())
    start = [p.clone() for p in game.average.parameters()]
    training_round(game, feed, drawer.round(5, 0), 5, 10**6)
    beta = 0.5 ** (16 / 500)
    for before, now, held in zip(start, game.generator.parameters(), game.average.parameters(), strict=True):
        torch.testing.assert_close(held, beta * before + (1 - beta) * now.detach(), rtol=1e-5, atol=1e-7)


SCHEDULED = {
    "objective": Adversarial(RelativisticPaired()),
    "penalties": (R1(Cosine(12, 1.0, 0.1)), R2(Cosine(12, 0.5, 0.05))),
    "generator_optimizer": Adam(1e-3, lr_factor=Cosine(12, 1.0, 0.25), beta2=Cosine(12, 0.9, 0.99)),
    "critic_optimizer": Adam(1e-3, lr_factor=Cosine(12, 1.0, 0.25), beta2=Cosine(12, 0.9, 0.99)),
    "average": Average(Cosine(12, 0.0, 50.0), ramp=None),
    "generator": DCGANGenerator(width=4, norm="none"),
    "critic": DCGANCritic(width=4),
}


def test_a_resumed_run_with_schedules_ends_like_one_that_never_stopped(tmp_path):
    check_resumed_from_copies(small_recipe(**SCHEDULED), tmp_path, after=(5, 10))
    last = rows(tmp_path / "whole")[-1]
    progress = (1 + math.cos(math.pi * 11 / 12)) / 2  # the last round is the 12th
    assert last["penalty_weight/0"] == pytest.approx(0.1 + 0.9 * progress)
    assert last["penalty_weight/1"] == pytest.approx(0.05 + 0.45 * progress)
    assert last["average_half_life"] == pytest.approx(50.0 * (1 - progress))
    json.dumps(last, allow_nan=False)


def test_weights_that_do_not_change_are_not_logged(tmp_path):
    new_run(small_recipe(penalties=(R1(1.0),), rounds=2), image_data(), tmp_path / "run", device="cpu")
    assert not {"penalty_weight/0", "average_half_life"} & set(rows(tmp_path / "run")[-1])


def test_schedules_of_weights_are_written_read_and_stretched_as_all_others():
    recipe = small_recipe(**SCHEDULED)
    assert loads(dumps(recipe)) == recipe
    longer = stretched(recipe, 36)
    assert longer.penalties[0] == R1(Cosine(36, 1.0, 0.1))
    assert longer.average.half_life.rounds == 36 and longer.critic_optimizer.beta2.rounds == 36
