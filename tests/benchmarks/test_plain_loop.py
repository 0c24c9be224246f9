"""The plain loop: the steps of the library, written as in examples/."""

from __future__ import annotations

import copy
import dataclasses
import importlib.util
from pathlib import Path

import pytest
import torch

from benchmarks.speed import plain, plain_loop
from benchmarks.speed.library import builder_of, draws_of, library_round
from benchmarks.speed.memory import make_round
from steadygan.errors import UsageError
from steadygan.penalties import between, gradient_penalty
from steadygan.recipes import dcgan
from steadygan.training.setup import SetupBuilder
from steadygan.types import Scales, at_each_scale, scales_of
from tests.benchmarks.small import ALL, small

CPU = torch.device("cpu")
EXAMPLE = Path(__file__).parents[2] / "examples" / "wgan_gp_single_file.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location(EXAMPLE.stem, EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_its_steps_are_those_of_the_example(example):
    networks = example.make_generator(4), example.make_critic(4)
    losses = []
    for steps in (example, plain_loop):
        generator, critic = copy.deepcopy(networks)
        settings = () if steps is example else (1e-4, (0.0, 0.9))
        optimizers = [steps.make_optimizer(network, *settings) for network in (generator, critic)]
        torch.manual_seed(1)
        for _ in range(3):
            real, z, mix = torch.randn(8, 1, 8, 8), torch.randn(8, example.LATENT), torch.rand(8)
            losses.append(float(steps.critic_step(generator, critic, optimizers[1], real, z, mix)))
            losses.append(float(steps.generator_step(generator, critic, optimizers[0], z)))
    assert losses[:6] == losses[6:] and len(set(losses)) == 6


def test_images_of_several_sizes_have_one_gradient_norm():
    sizes = [Scales((torch.randn(4, 3, 2, 2), torch.randn(4, 3, 4, 4))) for _ in range(2)]
    mix = torch.rand(4)

    def critic(scales):
        return sum((image**3).flatten(1).sum(1) for image in scales.images)

    found = plain_loop.gradient_penalty(critic, *sizes, mix)
    expected = gradient_penalty(critic, *sizes, at=lambda real, fake: between(real, fake, mix))
    torch.testing.assert_close(found, expected)


def change(make, monkeypatch):
    """What a round changes of both players' parameters, in one row."""
    games = []
    build = SetupBuilder.game
    monkeypatch.setattr(SetupBuilder, "game", lambda builder: games.append(build(builder)) or games[-1])
    run = make()
    (game,) = games
    parameters = {**dict(game.generator.named_parameters()), **dict(game.critic.named_parameters(prefix="critic"))}
    before = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    run()
    return torch.cat([(parameters[name].detach() - old).flatten() for name, old in before.items()])


@pytest.mark.parametrize("name", ALL)
def test_a_round_of_it_moves_the_weights_as_a_round_of_the_library(name, monkeypatch):
    case = small(name)
    spec = dataclasses.replace(case.recipe.critic_optimizer, lr=0.01, eps=1.0)  # else Adam steps by each rounding
    recipe = dataclasses.replace(case.recipe, generator_optimizer=spec, critic_optimizer=spec)
    case = dataclasses.replace(case, recipe=recipe)
    adam = torch.optim.Adam
    monkeypatch.setattr(plain_loop, "make_optimizer", lambda n, lr, betas: adam(n.parameters(), lr, betas, 1.0))
    ours = change(lambda: library_round(case, "fp32", CPU), monkeypatch)
    theirs = change(lambda: plain.plain_round(case, CPU), monkeypatch)
    assert ours.norm() > 1e-3
    assert (ours - theirs).norm() < 1e-3 * ours.norm()


@pytest.mark.parametrize("name", ["mlp", "dcgan-32", "resnet-32", "msg-64", "text"])
def test_ordinary_layers_compute_what_the_librarys_own_do(name):
    case = small(name)
    builder = builder_of(case, "fp32", CPU)
    game, feed, draws = builder.game(), builder.feed, draws_of(builder)
    z = case.recipe.prior.latents(draws[0].generator[0].latents).double()
    real = at_each_scale(lambda images: images.double(), feed(draws[0].critic[0].real).samples)
    generator, critic = game.generator.double(), game.critic.double()
    samples, scores = generator(z), critic(real).score
    made, score = (plain.with_ordinary_layers(copy.deepcopy(network)) for network in (generator, critic))
    for one, other in zip(scales_of(samples), scales_of(made(z)), strict=True):
        torch.testing.assert_close(other, one)
    torch.testing.assert_close(score(real).score, scores)


def test_every_side_runs_and_an_unknown_one_is_one_line():
    for side in ("plain", "same-networks", "eager"):
        make_round(small("dcgan-32"), side, "fp32", CPU)()
    with pytest.raises(UsageError, match="unknown engine 'quick'"):
        make_round(small("mlp"), "quick", "fp32", CPU)


def test_a_method_without_a_plain_loop_is_refused():
    case = small("dcgan-32")
    with pytest.raises(ValueError, match="no plain loop of dcgan"):
        plain.plain_round(type(case)("x", "x", case.sample, dcgan(case.sample)), CPU)
