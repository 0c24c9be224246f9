"""The steps against an independent plain computation in float64, gradient by gradient."""

from __future__ import annotations

import copy
import dataclasses

import pytest
import torch

from steadygan import losses
from steadygan.constraints import WeightClip
from steadygan.losses import Hinge, LeastSquares, NonSaturating, RelativisticAverage, RelativisticPaired
from steadygan.networks import DCGANCritic, DCGANGenerator, ResNetCritic, ResNetGenerator, SNDCGANCritic
from steadygan.objectives import Adversarial
from steadygan.optimizers import SGD, Adam
from steadygan.penalties import R1, R2, Drift, GradientPenalty, NearReal
from steadygan.recipe import RunOptions
from steadygan.training.step.player import Player
from steadygan.types import Batch, CriticOutput, SampleSpec
from tests.training.games import (
    convolutional_recipe,
    critic_step,
    critic_terms,
    generator_step,
    generator_terms,
    image_data,
    small_recipe,
    table,
    training_round,
)

N = 6


def plain_gradient_norm(critic, points):
    """Norms by one backward pass a sample: nothing can mix between samples."""
    norms = []
    for point in points:
        x = point.detach().clone()[None].requires_grad_(True)
        (gradient,) = torch.autograd.grad(critic(x).score.sum(), x, create_graph=True)
        norms.append(gradient.pow(2).sum().sqrt())
    return torch.stack(norms)


def plain_critic_loss(recipe, critic, real, fake, draws):
    """The critic's loss by the formulas, with separate passes."""
    loss = recipe.objective.loss
    name = {
        "Wasserstein": losses.wasserstein_critic_loss,
        "Hinge": losses.hinge_critic_loss,
        "NonSaturating": losses.non_saturating_critic_loss,
        "LeastSquares": losses.least_squares_critic_loss,
        "RelativisticPaired": losses.relativistic_paired_critic_loss,
        "RelativisticAverage": losses.relativistic_average_critic_loss,
    }[type(loss).__name__]
    total = name(critic(real).score, critic(fake).score)
    for penalty, noise in zip(recipe.penalties, draws.penalties, strict=True):
        if isinstance(penalty, R1 | R2):
            points = real if isinstance(penalty, R1) else fake
            total = total + penalty.gamma / 2 * plain_gradient_norm(critic, points).pow(2).mean()
        elif isinstance(penalty, Drift):
            total = total + penalty.weight * critic(real).score.pow(2).mean()
        else:
            if isinstance(penalty.at, NearReal):
                near = real + penalty.at.scale * real.std() * noise[:, 1:].reshape(real.shape)
                alpha = noise[:, 0].reshape(-1, *[1] * (real.dim() - 1))
                points = real + alpha * (near - real)  # as the authors' code writes it
            else:
                eps = noise.view(-1, *[1] * (real.dim() - 1))
                points = eps * real + (1 - eps) * fake
            total = total + penalty.weight * (plain_gradient_norm(critic, points) - penalty.target).pow(2).mean()
    return total


CASES = {
    "wgan-gp": {},
    "one place, two rules": {"penalties": (GradientPenalty(10.0), GradientPenalty(3.0, target=0.0))},
    "R1": {"objective": Adversarial(NonSaturating()), "penalties": (R1(2.0),)},
    "R2": {"objective": Adversarial(Hinge()), "penalties": (R2(2.0),)},
    "R1 and R2": {"objective": Adversarial(RelativisticPaired()), "penalties": (R1(0.5), R2(2.0))},
    "drift": {"penalties": (GradientPenalty(10.0), Drift(0.5))},
    "dragan": {"objective": Adversarial(LeastSquares()), "penalties": (GradientPenalty(10.0, at=NearReal()),)},
    "relativistic average": {"objective": Adversarial(RelativisticAverage()), "penalties": ()},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("make", [small_recipe, convolutional_recipe], ids=["mlp", "dcgan"])
def test_the_critics_gradient_equals_that_of_the_formulas(case, make):
    recipe = make(batch=N, **CASES[case])
    game, _, drawer = table(recipe, image_data())
    game.critic.double()
    draws = drawer.round(0, 0).critic[0]
    draws = draws._replace(penalties=tuple(None if p is None else p.double() for p in draws.penalties))
    if case == "one place, two rules":  # they share their points, and so one pass
        draws = draws._replace(penalties=(draws.penalties[0],) * 2)
    real, fake = torch.randn(2, N, 1, 8, 8, dtype=torch.float64)

    reference = copy.deepcopy(game.critic)
    expected = plain_critic_loss(recipe, reference, real, fake, draws)
    expected.backward()

    terms = critic_terms(game, Batch(real), Batch(fake), draws, game.state.objective)
    terms.loss.backward(inputs=game.players["critic"].parameters)
    torch.testing.assert_close(terms.loss, expected, rtol=1e-9, atol=1e-9)
    for (name, got), want in zip(game.critic.named_parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(got.grad, want.grad, rtol=1e-8, atol=1e-9, msg=lambda m, n=name: f"{n}: {m}")


@pytest.mark.parametrize(
    ("critic", "sample"),
    [
        (ResNetCritic(width=6), SampleSpec((3, 16, 16))),
        (ResNetCritic(width=6, norm="layer"), SampleSpec((3, 16, 16))),
        (DCGANCritic(width=4, norm="layer", activation="smooth_elu"), SampleSpec((2, 16, 16))),
        (DCGANCritic(width=4, norm="instance", activation="tanh"), SampleSpec((1, 28, 28))),
        (DCGANCritic(width=4, activation="gated"), SampleSpec((1, 16, 16))),
        (ResNetCritic(width=6, pool="sum", spectral=True, attention=8), SampleSpec((3, 16, 16))),
        (SNDCGANCritic(width=2), SampleSpec((1, 28, 28))),
    ],
    ids=["resnet", "resnet layer norm", "smooth elu", "28 px", "gated", "spectral and attention", "spectral"],
)
def test_the_penalised_gradient_is_right_for_every_critic(critic, sample):
    recipe = small_recipe(batch=3, critic=critic)
    game, _, drawer = table(recipe, image_data(60, sample))
    game.critic.double().eval()  # spectral norms stay as they are, however often it is called
    draws = drawer.round(0, 0).critic[0]
    draws = draws._replace(penalties=tuple(p.double() for p in draws.penalties))
    real, fake = torch.randn(2, 3, *sample.shape, dtype=torch.float64)
    reference = copy.deepcopy(game.critic)
    for part in reference.modules():
        if hasattr(part, "folded"):
            part.folded = False
    plain_critic_loss(recipe, reference, real, fake, draws).backward()
    critic_terms(game, Batch(real), Batch(fake), draws, ()).loss.backward(inputs=game.players["critic"].parameters)
    for (name, got), want in zip(game.critic.named_parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(got.grad, want.grad, rtol=1e-7, atol=1e-9, msg=lambda m, n=name: f"{n}: {m}")


@pytest.mark.parametrize("objective", [Adversarial(), Adversarial(RelativisticPaired())])
def test_the_generators_gradient_equals_that_of_the_formulas(objective):
    game, feed, drawer = table(convolutional_recipe(objective=objective, batch=N), image_data())
    draws = drawer.round(0, 0).generator[0]
    generator, critic = copy.deepcopy(game.generator), copy.deepcopy(game.critic)
    real = None if draws.real is None else feed(draws.real)
    fake_score = critic(generator(draws.latents)).score
    if real is None:
        expected = -fake_score.mean()
    else:
        expected = torch.nn.functional.softplus(critic(real.samples).score - fake_score).mean()
    expected.backward()
    loss, _ = generator_terms(game, draws, real, ())
    loss.backward(inputs=game.players["generator"].parameters)
    torch.testing.assert_close(loss, expected)
    for got, want in zip(game.generator.parameters(), generator.parameters(), strict=True):
        torch.testing.assert_close(got.grad, want.grad, rtol=1e-4, atol=1e-6)


def test_fused_adam_on_channels_last_weights_steps_like_plain_adam_on_contiguous_ones():
    """Fused Adam walks by memory order; a gradient with other strides than its parameter's once moved it 130% wrong."""
    recipe = small_recipe(
        generator=ResNetGenerator(width=8), critic=ResNetCritic(width=8), batch=4, critic_steps=lambda r: 1
    )
    data = image_data(60, SampleSpec((3, 16, 16)))
    game, feed, drawer = table(recipe, data)
    networks = [copy.deepcopy(game.critic).to(memory_format=torch.contiguous_format)]
    optimizer = torch.optim.Adam(networks[0].parameters(), lr=1e-3, betas=(0.0, 0.9), foreach=False, fused=False)
    for round_ in range(3):
        draws = drawer.round(round_, 4 * round_).critic[0]
        real = feed(draws.real)
        with torch.no_grad():
            fake = game.generate(draws.latents)
        loss = plain_critic_loss(recipe, networks[0], real.samples.contiguous(), fake.samples.contiguous(), draws)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        game.set_round(round_)
        critic_step(game, feed, draws)
    assert any(p.dim() == 4 and not p.is_contiguous() for p in game.critic.parameters())
    for got, want in zip(game.critic.parameters(), networks[0].parameters(), strict=True):
        torch.testing.assert_close(got, want, rtol=1e-3, atol=2e-4)


def test_gradients_carry_the_strides_of_their_parameters():
    game, feed, drawer = table(convolutional_recipe(), image_data())
    draws = drawer.round(0, 0)
    critic_step(game, feed, draws.critic[0])
    generator_step(game, feed, draws.generator[0])
    for parameter in [*game.critic.parameters(), *game.generator.parameters()]:
        assert parameter.grad is not None
        sized = [i for i, n in enumerate(parameter.shape) if n > 1]  # strides of single rows mean nothing
        assert [parameter.grad.stride(i) for i in sized] == [parameter.stride(i) for i in sized]


@pytest.mark.parametrize("micro_batch", [1, 5, 16, 64])
def test_micro_batches_sum_to_the_whole_batchs_step(micro_batch):
    whole = convolutional_recipe(batch=16, critic_optimizer=SGD(0.1), generator_optimizer=SGD(0.1))
    split = dataclasses.replace(whole, run=RunOptions(precision="fp32", micro_batch=micro_batch))
    results = []
    for recipe in (whole, split):
        game, feed, drawer = table(recipe, image_data())
        report = training_round(game, feed, drawer.round(0, 0), 0, 0)
        results.append((game, report))
    (one, first), (other, second) = results
    torch.testing.assert_close(first.critic_loss, second.critic_loss, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(first.penalty, second.penalty, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(first.gradient_norm, second.gradient_norm, rtol=1e-4, atol=1e-5)
    for a, b in zip(one.critic.parameters(), other.critic.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)
    for a, b in zip(one.generator.parameters(), other.generator.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


def test_each_player_moves_only_in_its_own_step():
    game, feed, drawer = table(convolutional_recipe(), image_data())
    draws = drawer.round(0, 0)
    generator, critic = copy.deepcopy(game.generator), copy.deepcopy(game.critic)
    critic_step(game, feed, draws.critic[0])
    assert all(torch.equal(a, b) for a, b in zip(generator.parameters(), game.generator.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(critic.parameters(), game.critic.parameters(), strict=True))
    critic = copy.deepcopy(game.critic)
    generator_step(game, feed, draws.generator[0])
    assert all(torch.equal(a, b) for a, b in zip(critic.parameters(), game.critic.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(generator.parameters(), game.generator.parameters(), strict=True))


@dataclasses.dataclass(frozen=True)
class Recording:
    """An objective with state, which writes down what it was shown."""

    seen: list
    needs_real: bool = False
    mixes_samples: bool = False
    real_is_high: bool = True

    def initial_state(self):
        return (torch.zeros(()),)

    def critic_loss(self, real, fake, state):
        self.seen.append(("critic", real.labels, fake.labels, float(state[0])))
        return losses.wasserstein_critic_loss(real.score, fake.score)

    def generator_loss(self, real, fake, state):
        self.seen.append(("generator", real, fake.labels, float(state[0])))
        return losses.wasserstein_generator_loss(fake.score)

    def next_state(self, real, fake, state):
        assert not real.score.requires_grad
        return (state[0] + 1,)


def test_objective_state_advances_with_each_critic_step_and_fakes_of_critic_steps_carry_the_real_labels():
    seen: list = []
    recipe = small_recipe(objective=Recording(seen))
    data = image_data()
    game, feed, drawer = table(recipe, data)
    draws = drawer.round(0, 0)
    training_round(game, feed, draws, 0, 0)
    assert [entry[0] for entry in seen] == ["critic", "critic", "generator"]
    assert [entry[3] for entry in seen] == [0.0, 1.0, 2.0]
    labels = torch.from_numpy(data.train.labels)[draws.critic[0].real.samples]
    assert torch.equal(seen[0][1], labels)
    assert torch.equal(seen[0][2], labels)
    assert torch.equal(seen[2][2], draws.generator[0].labels)


def test_the_gradient_norm_is_taken_with_the_labels_of_the_real_batch():
    given = []

    class Watching(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(64))

        def forward(self, samples, labels=None):
            given.append(labels)
            return CriticOutput(samples.flatten(1) @ self.weight)

    game, feed, drawer = table(small_recipe(), image_data())
    watching = Player(Watching(), torch.optim.SGD([torch.zeros(1)], lr=0.1), game.recipe.critic_optimizer)
    game = dataclasses.replace(game, players={**game.players, "critic": watching})
    draws = drawer.round(0, 0).critic[0]
    real = feed(draws.real)
    critic_terms(game, real, Batch(torch.randn(16, 1, 8, 8), real.labels), draws, ())
    assert torch.equal(given[0], torch.cat([real.labels, real.labels]))
    assert torch.equal(given[1], real.labels)


def test_weights_are_clipped_after_each_critic_step():
    recipe = small_recipe(penalties=(), constraint=WeightClip(0.01), critic_optimizer=Adam(0.1))
    game, feed, drawer = table(recipe, image_data())
    critic_step(game, feed, drawer.round(0, 0).critic[0])
    assert max(p.detach().abs().max().item() for p in game.critic.parameters()) <= 0.01


def test_weights_can_be_clipped_before_each_critic_step():
    recipe = small_recipe(penalties=(), constraint=WeightClip(0.01, when="before"), critic_optimizer=SGD(0.5))
    game, feed, drawer = table(recipe, image_data())
    critic_step(game, feed, drawer.round(0, 0).critic[0])
    assert max(p.detach().abs().max().item() for p in game.critic.parameters()) > 0.01


def test_real_and_fake_do_not_share_a_pass_through_batch_norm():
    recipe = small_recipe(
        generator=DCGANGenerator(width=4),
        critic=DCGANCritic(width=4, norm="batch"),
        objective=Adversarial(NonSaturating()),
        penalties=(),
    )
    game, feed, drawer = table(recipe, image_data())
    assert not game.joins_passes
    draws = drawer.round(0, 0).critic[0]
    reference = copy.deepcopy(game.critic)
    real, fake = feed(draws.real), Batch(torch.randn(16, 1, 8, 8))
    terms = critic_terms(game, real, fake, draws, ())
    torch.testing.assert_close(terms.real.score, reference(real.samples).score)
    torch.testing.assert_close(terms.fake.score, reference(fake.samples).score)


@pytest.mark.parametrize("make", [small_recipe, convolutional_recipe])
def test_under_bf16_scores_gradient_norms_and_losses_stay_in_fp32_and_near_the_exact_ones(make):
    exact, feed, drawer = table(make(batch=64), image_data())
    rounded, _, _ = table(make(batch=64), image_data(), "bf16")
    draws = drawer.round(0, 0).critic[0]
    real = feed(draws.real)
    fake = Batch(torch.rand(64, 1, 8, 8) * 2 - 1, real.labels)
    a, b = (critic_terms(game, real, fake, draws, ()) for game in (exact, rounded))
    assert b.real.score.dtype == b.loss.dtype == torch.float32
    assert b.gradient_norm is not None
    assert b.gradient_norm.dtype == torch.float32
    torch.testing.assert_close(b.loss, a.loss, rtol=0.03, atol=0.03)
    a.loss.backward(inputs=exact.players["critic"].parameters)
    b.loss.backward(inputs=rounded.players["critic"].parameters)
    whole = torch.cat([p.grad.flatten() for p in exact.critic.parameters()]).norm()
    for one, other in zip(exact.critic.parameters(), rounded.critic.parameters(), strict=True):
        assert other.grad.dtype == torch.float32
        # bfloat16 has 8 bits; biases' gradients are sums that nearly cancel, so the whole gradient is the yardstick
        assert (one.grad - other.grad).norm() < 0.03 * whole


def test_generators_return_fp32_under_bf16():
    game, _, drawer = table(convolutional_recipe(), image_data(), "bf16")
    with game.autocast():
        assert game.generate(drawer.round(0, 0).generator[0].latents).samples.dtype == torch.float32


def test_the_average_follows_its_half_life_over_rounds():
    game, feed, drawer = table(small_recipe(), image_data())
    start = [p.clone() for p in game.average.parameters()]
    training_round(game, feed, drawer.round(0, 0), 0, 10_000_000)
    beta = game.recipe.average.decay(16, 10_000_016)
    for before, now, average in zip(start, game.generator.parameters(), game.average.parameters(), strict=True):
        torch.testing.assert_close(average, beta * before + (1 - beta) * now.detach(), rtol=1e-5, atol=1e-7)
