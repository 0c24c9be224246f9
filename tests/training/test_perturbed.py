"""Steps on perturbed samples against separate passes of the critic after the perturbation, in float64."""

from __future__ import annotations

import copy
import dataclasses
import json

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.losses import Hinge, NonSaturating, RelativisticPaired, Wasserstein
from steadygan.objectives import Adversarial, AuxiliaryClassifier, BoundaryEquilibrium, EnergyBased, LeCam
from steadygan.optimizers import SGD
from steadygan.penalties import R1, R2, GradientPenalty
from steadygan.perturbations import Adaptive, AdaptiveState, DiffAugment, InstanceNoise
from steadygan.recipe import RunOptions
from steadygan.schedules import Constant, LinearDecay
from steadygan.training.session import new_run
from steadygan.training.validate import check
from steadygan.types import Batch, SampleSpec
from tests.training.games import (
    POINTS,
    convolutional_recipe,
    critic_step,
    critic_terms,
    generator_terms,
    image_data,
    small_recipe,
    table,
    training_round,
)
from tests.training.runs import check_resumed_from_copies, rows
from tests.training.step.test_round import plain_gradient_norm

N = 6
NOISE, AUGMENT = InstanceNoise(Constant(0.3)), DiffAugment(probability=Constant(0.7))
ADAPTIVE = Adaptive(DiffAugment(), initial=0.5, every=3, images=320)
PERTURBATIONS = {"noise": NOISE, "augmentation": AUGMENT, "adaptive": ADAPTIVE}
all_perturbations = pytest.mark.parametrize("perturbation", PERTURBATIONS.values(), ids=PERTURBATIONS)


def through(game, numbers):
    """What samples become on their way into the critic."""
    return lambda x: game.recipe.perturbation.apply(x, numbers, game.strength, game.state.perturbation)


def test_real_and_fake_samples_and_every_step_get_numbers_of_their_own():
    _, _, drawer = table(small_recipe(perturbation=ADAPTIVE, objective=Adversarial(RelativisticPaired())), image_data())
    first, second = drawer.round(0, 0), drawer.round(1, 48)
    sets = [
        (step.real_perturbation, step.fake_perturbation)
        for drawn in (first, second)
        for step in (*drawn.critic, *drawn.generator)
    ]
    coins = [numbers[0] for pair in sets for numbers in pair]
    assert len(coins) == 12 and all(len(coin) == 16 for coin in coins)
    assert len({tuple(coin.tolist()) for coin in coins}) == 12


def test_a_perturbation_leaves_all_other_draws_as_they_were():
    plain, perturbed = (table(small_recipe(perturbation=p), image_data())[2].round(3, 96) for p in (None, NOISE))
    assert plain.critic[0].real_perturbation is None and plain.generator[0].fake_perturbation is None
    for a, b in zip(plain.critic, perturbed.critic, strict=True):
        assert torch.equal(a.latents, b.latents) and torch.equal(a.real.samples, b.real.samples)
        assert torch.equal(a.penalties[0], b.penalties[0])
    assert torch.equal(plain.generator[0].latents, perturbed.generator[0].latents)
    assert perturbed.generator[0].real_perturbation is None  # its loss looks at no real samples


@all_perturbations
@pytest.mark.parametrize(
    ("loss", "penalties"),
    [
        (Wasserstein(), (GradientPenalty(10.0),)),
        (NonSaturating(), (R1(2.0),)),
        (RelativisticPaired(), (R1(0.5), R2(2.0))),
        (Hinge(), ()),
    ],
    ids=["wgan-gp", "R1", "R1 and R2", "hinge"],
)
def test_the_critics_gradient_is_that_of_critic_after_perturbation(perturbation, loss, penalties):
    recipe = convolutional_recipe(batch=N, perturbation=perturbation, objective=Adversarial(loss), penalties=penalties)
    game, _, drawer = table(recipe, image_data())
    game.critic.double()
    draws = drawer.round(0, 0).critic[0]
    draws = draws._replace(penalties=tuple(None if p is None else p.double() for p in draws.penalties))
    real, fake = torch.randn(2, N, 1, 8, 8, dtype=torch.float64)

    reference = copy.deepcopy(game.critic)
    on_real, on_fake = through(game, draws.real_perturbation), through(game, draws.fake_perturbation)
    expected = loss.critic(reference(on_real(real)).score, reference(on_fake(fake)).score)
    for penalty, eps in zip(penalties, draws.penalties, strict=True):
        if isinstance(penalty, GradientPenalty):
            eps = eps.view(-1, 1, 1, 1)
            points, numbers = eps * real + (1 - eps) * fake, draws.real_perturbation
        elif isinstance(penalty, R1):
            points, numbers = real, draws.real_perturbation
        else:
            points, numbers = fake, draws.fake_perturbation
        slopes = []
        for i, point in enumerate(points):  # one pass a sample
            alone = through(game, tuple(each[i : i + 1] for each in numbers))
            slopes.append(plain_gradient_norm(lambda x, alone=alone: reference(alone(x)), point[None])[0])
        slope = torch.stack(slopes)
        rule = (slope - 1).square() if isinstance(penalty, GradientPenalty) else slope.square() / 2
        expected = expected + penalty.weight * rule.mean()
    expected.backward()

    terms = critic_terms(game, Batch(real), Batch(fake), draws, ())
    terms.loss.backward(inputs=game.players["critic"].parameters)
    torch.testing.assert_close(terms.loss, expected, rtol=1e-9, atol=1e-9)
    for (name, got), want in zip(game.critic.named_parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(got.grad, want.grad, rtol=1e-8, atol=1e-9, msg=lambda m, n=name: f"{n}: {m}")


@all_perturbations
@pytest.mark.parametrize("loss", [NonSaturating(), RelativisticPaired()], ids=["fakes alone", "real too"])
def test_the_generators_gradient_flows_through_the_perturbation(perturbation, loss):
    recipe = convolutional_recipe(batch=N, perturbation=perturbation, objective=Adversarial(loss))
    game, feed, drawer = table(recipe, image_data())
    draws = drawer.round(0, 0).generator[0]
    generator, critic = copy.deepcopy(game.generator), copy.deepcopy(game.critic)
    real = None if draws.real is None else feed(draws.real)
    fake_score = critic(through(game, draws.fake_perturbation)(generator(draws.latents))).score
    real_score = None if real is None else critic(through(game, draws.real_perturbation)(real.samples)).score
    expected = loss.generator(fake_score, real_score)
    expected.backward()
    got, _ = generator_terms(game, draws, real, ())
    got.backward(inputs=game.players["generator"].parameters)
    torch.testing.assert_close(got, expected)
    for mine, want in zip(game.generator.parameters(), generator.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, want.grad, rtol=1e-4, atol=1e-6)


@all_perturbations
def test_micro_batches_sum_to_the_whole_batchs_step(perturbation):
    fields = {"critic_optimizer": SGD(0.1), "generator_optimizer": SGD(0.1), "objective": Adversarial(NonSaturating())}
    whole = convolutional_recipe(batch=16, perturbation=perturbation, **fields)
    games = []
    for recipe in (whole, dataclasses.replace(whole, run=RunOptions(precision="fp32", micro_batch=5))):
        game, feed, drawer = table(recipe, image_data())
        training_round(game, feed, drawer.round(0, 0), 0, 0)
        games.append(game)
    for a, b in zip(games[0].critic.parameters(), games[1].critic.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)
    for a, b in zip(games[0].generator.parameters(), games[1].generator.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)
    for a, b in zip(games[0].state.perturbation, games[1].state.perturbation, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("perturbation", [InstanceNoise(Constant(0.0)), DiffAugment(probability=Constant(0.0))])
def test_a_perturbation_of_no_strength_trains_the_same_to_the_last_digit(perturbation):
    games = []
    for chosen in (None, perturbation):
        game, feed, drawer = table(convolutional_recipe(perturbation=chosen), image_data())
        for round_ in range(2):
            training_round(game, feed, drawer.round(round_, 32 * round_), round_, 16 * round_)
        games.append(game)
    for a, b in zip(games[0].critic.parameters(), games[1].critic.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_strength_follows_its_schedule_from_round_to_round():
    game, _, _ = table(small_recipe(perturbation=InstanceNoise(LinearDecay(10, start=0.4))), image_data())
    seen = [game.strength.item()]
    for round_ in (5, 20):
        game.set_round(round_)
        seen.append(game.strength.item())
    assert seen == pytest.approx([0.4, 0.2, 0.0])


class Watched(Adaptive):
    """Writes down what its control is shown."""

    shown: list = []  # noqa: RUF012

    def next_state(self, real_scores, state, batch):
        self.shown.append((real_scores, batch))
        return super().next_state(real_scores, state, batch)


@pytest.mark.parametrize("micro_batch", [None, 5])
def test_the_control_steps_once_a_critic_step_by_the_scores_of_the_whole_perturbed_batch(micro_batch):
    recipe = small_recipe(
        perturbation=Watched(initial=0.5, every=1, images=320),
        objective=Adversarial(NonSaturating()),
        run=RunOptions(precision="fp32", micro_batch=micro_batch),
    )
    game, feed, drawer = table(recipe, image_data())
    for draws in drawer.round(0, 0).critic:
        before = game.state.perturbation
        terms = critic_step(game, feed, draws)
        scores, batch = Watched.shown.pop()
        assert not Watched.shown and batch == 16
        assert torch.equal(scores, terms.real.score) and not scores.requires_grad
        expected = before[0].item() + (1 if scores.sign().mean().item() > 0.6 else -1) * 16 / 320
        assert AdaptiveState(*game.state.perturbation).probability.item() == pytest.approx(expected)


def test_a_resumed_run_ends_like_one_that_never_stopped(tmp_path):
    recipe = convolutional_recipe(
        perturbation=Adaptive(InstanceNoise(LinearDecay(12, start=0.5)), initial=0.3, every=3, images=500),
        objective=Adversarial(NonSaturating()),
    )
    check_resumed_from_copies(recipe, tmp_path, after=(5, 10))
    last = rows(tmp_path / "whole")[-1]
    assert last["perturbation_probability"] != pytest.approx(0.3)
    assert last["perturbation_strength"] == pytest.approx(0.5 / 12)
    json.dumps(last, allow_nan=False)


def test_augmentation_of_points_is_refused_before_anything_begins(tmp_path):
    with pytest.raises(UsageError, match="DiffAugment perturbs images"):
        new_run(small_recipe(perturbation=DiffAugment()), image_data(60, POINTS), tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "objective",
    [
        Adversarial(Wasserstein()),
        Adversarial(RelativisticPaired()),
        LeCam(AuxiliaryClassifier(Adversarial(Wasserstein()))),
        EnergyBased(),
        BoundaryEquilibrium(),
    ],
    ids=repr,
)
def test_a_control_by_signs_that_the_loss_does_not_set_is_warned_of(objective):
    game, _, _ = table(small_recipe(perturbation=ADAPTIVE, objective=objective), image_data(60, SampleSpec((1, 8, 8))))
    (warning,) = check(game.recipe, game.generator, game.critic)
    assert "signs of real scores" in warning and "use a NonSaturating" in warning
    fine = dataclasses.replace(game.recipe, objective=Adversarial(NonSaturating()))
    assert check(fine, game.generator, game.critic) == ()
