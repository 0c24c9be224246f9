"""Rounds of two levels: gradients against the losses written out, and the training of the encoder before them."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import steadygan as sg
from steadygan.balance import StepsByLoss
from steadygan.cli import main
from steadygan.data import DataOptions
from steadygan.errors import UsageError
from steadygan.losses import NonSaturating
from steadygan.networks import (
    ClassifierEncoder,
    DCGANCritic,
    DCGANGenerator,
    MLPCritic,
    MLPGenerator,
    StackedCritic,
    StackedGenerator,
)
from steadygan.objectives import Stacked
from steadygan.penalties import R1, Drift, GradientPenalty, NearReal
from steadygan.perturbations import InstanceNoise
from steadygan.priors import Uniform
from steadygan.schedules import Constant
from steadygan.training import pretraining
from steadygan.training.engines.float64 import double_game, in_double
from steadygan.training.session import new_run, resume_run
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.gradients import autograd_gradients
from steadygan.training.validate import check_game
from steadygan.types import scales_of
from tests.training.games import image_data, main_phase, setup_of, small_recipe, table, training_round
from tests.training.runs import Stop, assert_same_end, weights

GENERATOR = StackedGenerator(DCGANGenerator(4, norm="none"), features=6, noise=3, units=8, norm="none", joint_from=3)
CRITIC = StackedCritic(DCGANCritic(4), features=6, noise=3, lower_noise=2, units=8)


def stacked_recipe(**changes):
    """A small recipe of two levels under WGAN-GP."""
    parts = {
        "generator": GENERATOR,
        "critic": CRITIC,
        "encoder": ClassifierEncoder(2, 3, features=6, steps=6),
        "objective": Stacked(entropy=2.5, conditional=1.5),
        "prior": Uniform(5),
        "critic_steps": Constant(1),
        "batch": 8,
        "rounds": 6,
    }
    return small_recipe(**{**parts, **changes})


def in_float64(recipe, round_):
    """A game in float64 at a round, its feed and the round's draws."""
    game, feed, drawer = table(recipe, image_data())
    game = double_game(game)
    game.set_round(round_)
    return game, lambda draws: in_double(feed(draws)), in_double(drawer.round(round_, 0))


def gradients_of(game, player, real, draws):
    """The gradients of a player's main phase by parameter."""
    terms = autograd_gradients(game, main_phase(game, player), real, draws, game.state, 1.0)
    network = game.players[player].network
    found = {name: parameter.grad.clone() for name, parameter in network.named_parameters()}
    network.zero_grad()
    return found, terms


def level_losses(game, real, draws):
    """Both levels' losses of the generator, and what they are made of, written out."""
    generator, critic, encoder = game.generator, game.critic, game.encoder.network
    z = game.recipe.prior.latents(draws.latents)
    features = generator.top(z[:, :3], real.labels)
    given = encoder.features(real.samples).detach()
    upper = critic.top(features)
    first = -upper.score.mean() + 2.5 * (upper.recovered[0] - z[:, :3]).square().mean()
    first = first + 1.5 * F.cross_entropy(encoder.logits(features), real.labels)

    def second(condition):
        images = generator.bottom(condition, z[:, 3:])
        lower = critic.bottom(images)
        loss = -lower.score.mean() + 2.5 * (lower.recovered[0] - z[:, 3:]).square().mean()
        return loss + 1.5 * (encoder.features(images) - condition).square().mean()

    return first, second, features, given


def assert_equal_gradients(found, wanted):
    for name, want in wanted.items():
        torch.testing.assert_close(found[name], want, rtol=1e-9, atol=1e-12, msg=name)
        assert want.any(), name


@pytest.mark.parametrize(("round_", "joint"), [(0, False), (3, True)])
def test_a_generator_s_gradients_are_those_of_its_level_and_joined_a_share_of_the_lower_one_s(round_, joint):
    game, feed, draws = in_float64(stacked_recipe(), round_)
    (draws,) = draws.generator
    real = feed(draws.real)
    found, _ = gradients_of(game, "generator", real, draws)
    first, second, features, given = level_losses(game, real, draws)
    named = dict(game.generator.named_parameters())
    top = {name: p for name, p in named.items() if name.startswith("top.")}
    bottom = {name: p for name, p in named.items() if name.startswith("bottom.")}
    lower = second(features if joint else given)
    below = torch.autograd.grad(lower, list(bottom.values()), retain_graph=True)
    above = torch.autograd.grad(first, list(top.values()), retain_graph=True)
    if joint:
        shares = torch.autograd.grad(lower, list(top.values()))
        above = [own + 0.01 * share for own, share in zip(above, shares, strict=True)]
    assert_equal_gradients(found, dict(zip([*top, *bottom], [*above, *below], strict=True)))


def test_a_critic_s_gradients_are_those_of_each_level_with_a_penalty_of_its_own():
    game, feed, draws = in_float64(stacked_recipe(), 0)
    (draws,) = draws.critic
    real = feed(draws.real)
    found, terms = gradients_of(game, "critic", real, draws)
    critic, z = game.critic, game.recipe.prior.latents(draws.latents)
    h = game.encoder.network.features(real.samples).detach()
    with torch.no_grad():
        fakes = scales_of(game.generator.levels(z, real.labels, h)[0])
    loss, norms = 0.0, []
    for part, x, g, noise in ((critic.top, h, fakes[0], z[:, :3]), (critic.bottom, real.samples, fakes[1], z[:, 3:])):
        on_fakes = part(g)
        loss = loss + on_fakes.score.mean() - part(x).score.mean()
        loss = loss + 2.5 * (on_fakes.recovered[0] - noise).square().mean()
        eps = draws.penalties[0].reshape(-1, *(1,) * (x.dim() - 1))
        points = (eps * x + (1 - eps) * g).requires_grad_()
        (slope,) = torch.autograd.grad(part(points).score.sum(), points, create_graph=True)
        norms.append((slope.flatten(1).square().sum(1) + 1e-12).sqrt())
        loss = loss + 10.0 * (norms[-1] - 1).square().mean()
    assert terms.loss.item() == pytest.approx(loss.item(), rel=1e-10)
    torch.testing.assert_close(terms.gradient_norm, norms[1])
    named = {name: p for name, p in critic.named_parameters() if not name.endswith("score.bias")}
    assert_equal_gradients(found, dict(zip(named, torch.autograd.grad(loss, list(named.values())), strict=True)))


def test_r1_holds_the_gradient_of_each_level_too():
    game, feed, draws = in_float64(stacked_recipe(penalties=(R1(3.0),)), 0)
    (draws,) = draws.critic
    real = feed(draws.real)
    _, terms = gradients_of(game, "critic", real, draws)
    penalty = 0.0
    for part, x in ((game.critic.top, game.encoder.network.features(real.samples)), (game.critic.bottom, real.samples)):
        points = x.detach().requires_grad_()
        (slope,) = torch.autograd.grad(part(points).score.sum(), points)
        penalty = penalty + 1.5 * (slope.flatten(1).square().sum(1) + 1e-12).mean()
    assert terms.penalty.item() == pytest.approx(penalty.item(), rel=1e-10)


@pytest.mark.parametrize("every", [1, 2])
def test_drift_is_of_the_scores_of_each_level_too(every):
    game, feed, draws = in_float64(stacked_recipe(penalties=(Drift(0.3, every),)), 0)
    (draws,) = draws.critic
    real = feed(draws.real)
    phase = next(phase for phase in game.phases if phase.player == "critic" and phase.penalties)
    terms = autograd_gradients(game, phase, real, draws, game.state, 1.0)
    scores = game.critic.top(game.encoder.network.features(real.samples)).score, game.critic.bottom(real.samples).score
    expected = 0.3 * every * sum(score.square().mean() for score in scores)
    assert terms.penalty.item() == pytest.approx(expected.item(), rel=1e-10)
    assert game.critic.top.score.bias.grad.abs() > 0


def test_rounds_leave_the_encoder_as_it_is_and_micro_batches_change_nothing():
    recipe = stacked_recipe()
    split = dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, micro_batch=2))
    games = []
    for each in (recipe, split):
        game, feed, drawer = table(each, image_data())
        game = double_game(game)
        before = [p.clone() for p in game.encoder.network.parameters()]
        for round_ in range(5):
            draws = in_double(drawer.round(round_, 16 * round_))
            training_round(game, lambda real, feed=feed: in_double(feed(real)), draws, round_, 8 * round_)
        assert game.generator.joint and not any(p.requires_grad for p in game.encoder.network.parameters())
        assert all(map(torch.equal, before, game.encoder.network.parameters()))
        games.append(game)
    for one, other in zip(*(game.generator.parameters() for game in games), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-6)  # Adam's steps of rounding noise


def test_generator_steps_follow_the_critic_s_loss_of_the_round_before():
    recipe = stacked_recipe(objective=Stacked(NonSaturating(), critic_weight=0.5), balance=StepsByLoss(), penalties=())
    game, feed, drawer = table(recipe, image_data())
    assert game.steps(0) == (1, 1)  # before any loss
    for loss, steps in ((0.69, 1), (0.65, 3), (0.51, 3), (0.5, 5), (0.31, 5), (0.3, 7), (0.01, 7)):
        state = game.state.objective._replace(adversarial_loss=torch.tensor(loss, dtype=torch.float64))
        game.state = game.state._replace(objective=state)
        assert game.steps(1) == (1, steps)
    training_round(game, feed, drawer.round(1, 0, game.steps(1)), 1, 0)
    assert 0.1 < game.state.objective.adversarial_loss < 2


@pytest.mark.slow
def test_traced_joint_steps_have_the_eager_gradients():
    from tests.training.worlds import traced_errors

    generator = dataclasses.replace(GENERATOR, images=MLPGenerator(4, 1), joint_from=0)
    recipe = stacked_recipe(generator=generator, critic=dataclasses.replace(CRITIC, images=MLPCritic(4, 1)))
    found = traced_errors(SetupBuilder(recipe, image_data(), torch.device("cpu")))
    assert any("top" in name for name in found) and max(found.values()) < 1e-9


# --- the encoder


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run on digits, and one with the same settings that stopped twice within the encoder's training, and once after.

    In the whole run a checkpoint is written every two steps too: that changes nothing.
    """
    folder = tmp_path_factory.mktemp("stacked")
    recipe = stacked_recipe(data=DataOptions("digits", cache=str(folder)), rounds=10)
    recipe = dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, evaluate="none", threads=1))
    data = image_data()
    with pytest.MonkeyPatch.context() as patch:
        new_run(recipe, data, folder / "whole", device="cpu")
        patch.setattr(pretraining, "LOOK_EVERY", 2)
        patch.setattr(pretraining, "SAVE_EVERY", -1.0)
        steps = []
        for begin in (new_run, resume_run):
            with pytest.raises(KeyboardInterrupt):
                begin(recipe, data, folder / "cut", device="cpu", observers=[Stop(0)])
            steps.append(int(weights(folder / "cut", 0)["pretraining.0"]))
        with pytest.raises(KeyboardInterrupt):
            resume_run(recipe, data, folder / "cut", device="cpu", observers=[Stop(5)])
        resume_run(recipe, data, folder / "cut", device="cpu")
    return folder, steps


def test_an_encoder_s_training_that_was_stopped_goes_on_to_the_last_digit(runs):
    folder, steps = runs
    assert steps == [2, 4]
    assert_same_end(folder / "whole", folder / "cut", 10)
    held = weights(folder / "whole", 10)
    assert any(name.startswith("encoder.") for name in held) and int(held["pretraining.0"]) == 6
    assert not any(name.startswith("encoder_optimizer.") for name in held)


def test_samples_of_a_class_are_asked_for_at_the_command_line(runs, tmp_path, capsys):
    folder, _ = runs
    run, out = sg.load(folder / "whole"), tmp_path / "some.npz"
    assert (
        main(["sample", str(folder / "whole"), "--class", "3", "--count", "2", "--seed", "0", "--out", str(out)]) == 0
    )

    held = np.load(out)
    assert held["labels"].tolist() == [3, 3] and (held["images"][..., 0] == run.sample(2, label=3)[:, 0]).all()
    assert (run.sample(2, label=3) != run.sample(2, label=4)).any()
    assert main(["check", str(folder / "whole")]) == 0, capsys.readouterr()
    assert json.loads((folder / "whole" / "metrics.jsonl").read_text().splitlines()[-1])["adversarial_loss"]


def test_an_encoder_learns_digits_and_its_accuracy_is_of_samples_it_has_not_seen():
    dataset = sg.api.prepare(lambda sample: stacked_recipe(), data="digits").dataset
    recipe = stacked_recipe(encoder=ClassifierEncoder(8, 16, features=32, steps=150, rate=3e-3), batch=32)
    game, feed, drawer = table(recipe, dataset)
    untrained, count = pretraining.accuracy(game, dataset.held_out)
    setup = setup_of(game, feed)._replace(drawer=drawer)
    assert pretraining.is_due(game) and pretraining.pretrain(setup, lambda: False, lambda: None)
    trained, _ = pretraining.accuracy(game, dataset.held_out)
    assert count == len(dataset.held_out) and untrained < 0.4 and trained > 0.8
    assert not pretraining.is_due(game)


def test_the_time_of_an_encoder_s_training_is_that_of_a_step_times_their_number():
    clock = iter([0.0, 9.0, 20.0, 23.5])  # before, before each step, and after: the first one warms up
    game, feed, drawer = table(stacked_recipe(), image_data())
    assert pretraining.expected_seconds(setup_of(game, feed)._replace(drawer=drawer), lambda: next(clock)) == 6 * 3.5
    plain, feed, drawer = table(small_recipe(), image_data())
    assert pretraining.expected_seconds(setup_of(plain, feed)._replace(drawer=drawer)) == 0


def test_a_run_from_another_one_s_weights_takes_its_encoder(runs, tmp_path):
    folder, _ = runs
    recipe = stacked_recipe(rounds=1, encoder=ClassifierEncoder(2, 3, features=6, steps=50))
    new_run(
        recipe, image_data(), tmp_path / "on", device="cpu", weights_from=folder / "whole" / "checkpoints" / "000010"
    )
    begun, held = weights(tmp_path / "on", 1), weights(folder / "whole", 10)
    of_encoder = [name for name in held if name.startswith("encoder.")]
    assert of_encoder and all(torch.equal(begun[name], held[name]) for name in of_encoder)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"encoder": None}, "but not an encoder"),
        ({"critic": MLPCritic(width=4)}, "but not a critic of levels"),
        ({"generator": DCGANGenerator(4)}, "but not a generator of levels"),
        ({"objective": sg.objectives.Adversarial()}, "but not an objective of levels"),
        ({"encoder": ClassifierEncoder(features=7)}, "7, 6, 6"),
        ({"prior": Uniform(6)}, "of a prior of 6 numbers"),
        ({"critic": dataclasses.replace(CRITIC, noise=2, lower_noise=3)}, "critic.noise 2"),
        ({"perturbation": InstanceNoise()}, "--perturbation none"),
        ({"penalties": (GradientPenalty(at=NearReal()),)}, "GradientPenalty is not for samples of two levels"),
        ({"critic": dataclasses.replace(CRITIC, norm="batch")}, "--critic.norm layer"),
        ({"balance": StepsByLoss(of="loss")}, "balance.of is 'loss'"),
    ],
)
def test_parts_that_do_not_go_together_are_one_line(changes, said):
    with pytest.raises(UsageError) as error:
        check_game(table(stacked_recipe(**changes), image_data())[0])
    assert said in str(error.value) and "\n" not in str(error.value)
