"""Several generator steps in a round, and steps that follow the losses."""

from __future__ import annotations

import copy
import dataclasses

import pytest
import torch

from steadygan.balance import LossRatio, Steps
from steadygan.ema import Average
from steadygan.losses import NonSaturating, RelativisticPaired
from steadygan.objectives import Adversarial
from steadygan.optimizers import SGD
from steadygan.recipe import RunOptions
from steadygan.schedules import Constant
from steadygan.training.session import new_run
from tests.training.games import convolutional_recipe, image_data, small_recipe, table, training_round
from tests.training.runs import check_resumed_after_stops, rows


def doubled(value):
    """Draws with every float in float64."""
    if isinstance(value, torch.Tensor):
        return value.double() if value.is_floating_point() else value
    if isinstance(value, tuple):
        parts = [doubled(item) for item in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


@pytest.mark.parametrize("loss", [NonSaturating(), RelativisticPaired()], ids=["plain", "looks at real ones"])
def test_a_round_of_two_generator_steps_is_the_loop_written_out(loss):
    recipe = small_recipe(
        objective=Adversarial(loss), penalties=(), critic_steps=Constant(2), generator_steps=2, batch=6,
        critic_optimizer=SGD(0.1), generator_optimizer=SGD(0.2), average=Average(30.0, ramp=None),
    )  # fmt: skip
    game, feed, drawer = table(recipe, image_data())
    for network in (game.generator, game.critic, game.average):
        network.double()
    game.__post_init__()
    generator, critic, average = (copy.deepcopy(n) for n in (game.generator, game.critic, game.average))
    softplus = torch.nn.functional.softplus

    def real_samples(draws):
        return feed(draws).samples.double()

    for round_ in range(3):
        draws = doubled(drawer.round(round_, drawer.samples_in(0) * round_))
        assert (len(draws.critic), len(draws.generator)) == (2, 2)
        training_round(game, lambda d: feed(d)._replace(samples=real_samples(d)), draws, round_, 12 * round_)
        for step in draws.critic:
            on_real, on_fake = critic(real_samples(step.real)).score, critic(generator(step.latents).detach()).score
            if isinstance(loss, NonSaturating):
                value = softplus(-on_real).mean() + softplus(on_fake).mean()
            else:
                value = softplus(on_fake - on_real).mean()
            for p, g in zip(critic.parameters(), torch.autograd.grad(value, critic.parameters()), strict=True):
                p.data -= 0.1 * g
        for step in draws.generator:
            on_fake = critic(generator(step.latents)).score
            if isinstance(loss, NonSaturating):
                value = softplus(-on_fake).mean()
            else:
                value = softplus(critic(real_samples(step.real)).score - on_fake).mean()
            for p, g in zip(generator.parameters(), torch.autograd.grad(value, generator.parameters()), strict=True):
                p.data -= 0.2 * g
            for a, p in zip(average.parameters(), generator.parameters(), strict=True):
                a.data = 0.5 ** (6 / 30) * a.data + (1 - 0.5 ** (6 / 30)) * p.data
    for ours, theirs in ((game.generator, generator), (game.critic, critic), (game.average, average)):
        for got, want in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(got, want, rtol=1e-6, atol=1e-7)


def test_each_generator_step_has_draws_of_its_own_and_the_first_those_of_a_single_one():
    recipe = small_recipe(objective=Adversarial(RelativisticPaired()), generator_steps=3)
    one = table(dataclasses.replace(recipe, generator_steps=1), image_data())[2].round(4, 64)
    three = table(recipe, image_data())[2].round(4, 64)
    assert torch.equal(one.generator[0].latents, three.generator[0].latents)
    assert torch.equal(one.generator[0].real.samples, three.generator[0].real.samples)
    assert torch.equal(one.critic[1].latents, three.critic[1].latents)
    latents = torch.cat([step.latents for step in three.generator])
    assert len(latents.unique(dim=0)) == 48
    seen = torch.cat([step.real.samples for step in (*three.critic, *three.generator)])
    assert len(seen.unique()) == len(seen) == 5 * 16  # neighbours in the order of the data


def test_positions_go_on_where_the_last_round_ended():
    recipe = small_recipe(objective=Adversarial(RelativisticPaired()), generator_steps=2, batch=10, penalties=())
    drawer = table(recipe, image_data(200))[2]  # 180 to train on
    assert drawer.samples_in(0) == 2 * 10 + 2 * 10
    assert drawer.samples_in(0, Steps(3, 5)) == 80
    seen, position = [], 0
    for round_, counts in enumerate([None, Steps(3, 2), Steps(2, 4), None, Steps(1, 1)]):
        drawn = drawer.round(round_, position, counts)
        seen += [i for step in (*drawn.critic, *drawn.generator) for i in step.real.samples.tolist()]
        position += drawer.samples_in(round_, counts)
    assert len(seen) == position == 40 + 50 + 60 + 40 + 20
    assert sorted(seen[:180]) == list(range(180))


def test_micro_batches_of_several_steps_sum_to_the_same():
    whole = convolutional_recipe(
        batch=16, generator_steps=2, critic_optimizer=SGD(0.1), generator_optimizer=SGD(0.1), penalties=()
    )
    split = dataclasses.replace(whole, run=RunOptions(precision="fp32", micro_batch=5))
    games = []
    for recipe in (whole, split):
        game, feed, drawer = table(recipe, image_data())
        training_round(game, feed, drawer.round(0, 0), 0, 0)
        games.append(game)
    for a, b in zip(games[0].generator.parameters(), games[1].generator.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


BALANCED = small_recipe(
    objective=Adversarial(RelativisticPaired()), penalties=(), critic_steps=Constant(1), rounds=12,
    balance=LossRatio(low=0.95, high=1.02, extra=2),
    run=RunOptions(precision="fp32", log_every=1, picture_every=12, checkpoint_every=1, keep_last=12, evaluate="none"),
)  # fmt: skip


def test_steps_and_counters_follow_the_losses_of_the_round_before(tmp_path):
    new_run(BALANCED, image_data(), tmp_path / "run", device="cpu")
    found = rows(tmp_path / "run")
    expected, critic, generator = Steps(1, 1), 0, 0
    chosen = set()
    for row in found:
        critic, generator = critic + expected.critic, generator + expected.generator
        assert (row["critic_steps"], row["generator_steps"]) == (critic, generator)
        assert row["samples"] == 16 * (critic + generator)
        expected = BALANCED.balance.steps(Steps(1, 1), row["critic_loss"], row["generator_loss"])
        chosen.add(tuple(expected))
    assert len(chosen) > 1  # the rule did something


def test_a_resumed_run_takes_the_steps_of_one_that_never_stopped(tmp_path):
    check_resumed_after_stops(BALANCED, tmp_path, after=(1, 4, 9))


def test_a_recipe_that_does_not_balance_remembers_no_losses_and_reads_none():
    game, feed, drawer = table(small_recipe(), image_data())
    training_round(game, feed, drawer.round(0, 0), 0, 0)
    assert game.state.losses == () and game.steps(1) == (2, 1)
