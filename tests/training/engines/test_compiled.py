"""Compiled losses against the eager ones: gradients, trajectories, layouts, and nothing compiled twice."""

from __future__ import annotations

import dataclasses

import pytest
import torch
import torch._dynamo.utils
from torch._dynamo.backends.registry import lookup_backend

from benchmarks.laptop import on_a_laptop
from steadygan.cli.fields import walk
from steadygan.constraints import WeightClip
from steadygan.losses import LeastSquares
from steadygan.networks import (
    ConvAutoencoderCritic,
    DCGANCritic,
    DCGANGenerator,
    LabelledGenerator,
    MLPCritic,
    MLPGenerator,
    ResNet101Critic,
    ResNet101Generator,
)
from steadygan.networks.minibatch import Discrimination
from steadygan.objectives import Adversarial, AuxiliaryClassifier, EnergyBased, FeatureMatching, LeCam
from steadygan.optimizers import SGD, RMSprop
from steadygan.penalties import R1, GradientPenalty, NearReal, PathLength
from steadygan.perturbations import Adaptive, Augment, InstanceNoise
from steadygan.recipe import RunOptions
from steadygan.recipes import RECIPES
from steadygan.schedules import Constant, LinearDecay
from steadygan.training.engines.by_name import make
from steadygan.training.engines.compiled import Compiled, accumulate_gradients
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.select import has_compiler
from steadygan.training.processes.world import ALONE
from steadygan.types import SampleSpec
from tests.training.engines.trials import errors, small_trial, trial
from tests.training.games import critic_step, image_data, small_recipe, training_round
from tests.training.worlds import TEXTS, image_recipes, made, played_on, sample_of, traced_errors, traced_once

COLOUR = SampleSpec((3, 8, 8), classes=10)
OF_PARTS = {
    "objectives": lambda: small_recipe(
        generator=LabelledGenerator(DCGANGenerator(width=4)),
        critic=DCGANCritic(width=4, norm="batch", class_logits=True, features=True, minibatch=Discrimination(4, 2, 8)),
        objective=LeCam(FeatureMatching(AuxiliaryClassifier(Adversarial(LeastSquares())), base_weight=1.0), start=1),
        perturbation=InstanceNoise(0.1),
        penalties=(),
    ),
    "energy": lambda: small_recipe(
        critic=ConvAutoencoderCritic(width=4), objective=EnergyBased(pulling_away=0.1), penalties=()
    ),
    "augmentations": lambda: small_recipe(perturbation=Augment(), penalties=(R1(1.0),)),
    "near real samples": lambda: small_recipe(
        penalties=(GradientPenalty(at=NearReal()),), run=RunOptions(precision="fp32", micro_batch=8)
    ),
    "stylegan2": lambda: dataclasses.replace(made("stylegan2"), penalties=(R1(1.0),)),
    "pictures-by-class": lambda: dataclasses.replace(made("pictures-by-class"), penalties=(), perturbation=None),
}
"""what parts are traced together, and networks without the phases of their own that penalties have in other tests"""
TRACED = ("wgan-gp-cifar10", "r3gan-cifar10", "msg-gan", "text", *OF_PARTS)
COLOURFUL = ("objectives", "wgan-gp-cifar10")
"""a layout that a tracer misjudges shows with the number of channels (docs/traps.md)"""
FOLLOWED = {
    "began": lambda: made("began"),
    "sngan": lambda: dataclasses.replace(
        made("sngan"), perturbation=Adaptive(InstanceNoise(0.1), images=1_000, every=1)
    ),
}
ELSEWHERE = ("sgan", "biggan", "growing", "wgan-gp")
"""recipes that are traced in tests of their own"""


def traced(name):
    """A recipe that is traced, and its samples."""
    sample = COLOUR if name in COLOURFUL else sample_of(name)
    recipe = OF_PARTS[name]() if name in OF_PARTS else made(name)
    if name == "wgan-gp-cifar10":
        whole = on_a_laptop(RECIPES[name](sample), width=8)
        generator = dataclasses.replace(whole.generator, conditional=True)
        recipe = dataclasses.replace(
            recipe, generator=generator, critic=dataclasses.replace(whole.critic, projection=True)
        )
    return recipe, sample


@pytest.mark.parametrize("name", ["wgan-gp", *(pytest.param(name, marks=pytest.mark.slow) for name in TRACED)])
def test_traced_losses_have_the_eager_gradients(name):
    recipe, sample = traced(name)
    found = traced_errors(trial(recipe, image_data(200, sample)))
    assert {key.split(".")[0] for key in found} == {"generator", "critic"}
    assert max(found.values()) < 1e-9


def kinds(recipes):
    """The kinds of parts of recipes."""
    fields = [field for recipe in recipes for field in walk(recipe) if field.is_part and not field.item_kinds]
    return {type(field.value) for field in fields if field.value is not None}


def test_every_kind_of_part_is_traced():
    of_recipes = kinds(made(name) for name in [*image_recipes(), *TEXTS])
    here = kinds(traced(name)[0] for name in TRACED)
    missing = of_recipes - here - kinds([*(recipe() for recipe in FOLLOWED.values()), *map(made, ELSEWHERE)])
    deep = {ResNet101Generator, ResNet101Critic}  # a hundred layers of the kinds that DCGAN's networks have
    outside = {RMSprop, WeightClip}  # an optimizer and a constraint, which no graph holds
    assert missing <= {*deep, *outside, PathLength}  # of it: penalties/test_traced_phases.py


@pytest.mark.slow
@pytest.mark.parametrize("name", FOLLOWED)
def test_traced_steps_follow_the_eager_trajectory_by_the_graphs_of_the_first_round(name):
    """Rates, states and draws included: four rounds in float64."""
    data, recipe = image_data(), FOLLOWED[name]()
    torch._dynamo.utils.counters.clear()
    with traced_once():
        (first, answers), (others, theirs) = (
            played_on(data, recipe, ALONE, 4, engine) for engine in (EAGER, Compiled("aot_eager"))
        )
    for one, other in zip([*first, *answers], [*others, *theirs], strict=True):
        torch.testing.assert_close(other, one, rtol=1e-8, atol=1e-10)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 2  # spectral norms and states move in each round


@pytest.mark.slow
def test_nothing_is_compiled_again_in_a_later_round_and_gradients_have_the_strides_of_their_parameters():
    """A fused optimizer walks the memory of both; two raw gradients of this critic have other strides."""
    noise = InstanceNoise(LinearDecay(10_000, start=0.1, end=0.0))
    weight = GradientPenalty(LinearDecay(10_000, start=10.0, end=1.0))
    recipe = dataclasses.replace(made("wgan-gp"), perturbation=noise, penalties=(weight,))
    tried, traces = trial(recipe), []
    engine = Compiled(lambda graph, inputs: traces.append(graph) or lookup_backend("aot_eager")(graph, inputs))
    torch._dynamo.utils.counters.clear()
    game, counts = tried.game(), []
    for round_ in (0, 1, 5_000):  # rates, weights and states that move
        training_round(game, tried.feed, tried.drawer.round(round_, 0), round_, 0, engine)
        counts.append(torch._dynamo.utils.counters["stats"]["unique_graphs"])
    assert counts == [2, 2, 2]
    assert len(traces) == 2  # torch begins anew where it meets a float64 of no dimensions on the CPU
    parameters = [*game.players["critic"].parameters, *game.players["generator"].parameters]
    assert any(not parameter.is_contiguous() for parameter in parameters)
    assert [parameter.grad.stride() for parameter in parameters] == [parameter.stride() for parameter in parameters]


@pytest.mark.slow
@pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")
def test_compiled_losses_have_the_eager_gradients():
    """Of other parts: networks/layers/test_spectral.py, diagnostics/test_doctor_elsewhere.py."""
    still = SGD(1e-2)
    recipe = small_recipe(generator=MLPGenerator(width=16, depth=1, norm="batch"), critic_steps=Constant(1))
    tried = trial(dataclasses.replace(recipe, generator_optimizer=still, critic_optimizer=still))
    eager, compiled = games = tried.game(), tried.game()
    for game, engine in zip(games, (EAGER, Compiled()), strict=True):
        training_round(game, tried.feed, tried.drawer.round(0, 0), 0, 0, engine)
    for name in ("critic", "generator"):
        gradients = [[p.grad for p in game.players[name].parameters if p.grad is not None] for game in games]
        small = 1e-3 * torch.stack([gradient.norm() for gradient in gradients[0]]).norm()
        for one, other in zip(*gradients, strict=True):
            assert (other - one).norm() < 1e-4 * (one.norm() + small)
    assert list(eager.generator.buffers())
    for one, other in zip(eager.generator.buffers(), compiled.generator.buffers(), strict=True):
        torch.testing.assert_close(other, one, rtol=1e-4, atol=1e-5)  # statistics


@pytest.mark.slow
def test_one_process_can_compile_for_any_number_of_recipes():
    with torch._dynamo.config.patch(recompile_limit=2):  # of 8
        for width in (4, 5, 6):
            tried = trial(
                small_recipe(critic=MLPCritic(width, depth=1), penalties=(), run=RunOptions(precision="fp32"))
            )
            critic_step(tried.game(), tried.feed, tried.drawer.round(0, 0).critic[0], Compiled("eager"))


def test_parameters_with_one_gradient_do_not_share_it():
    parameters = [torch.nn.Parameter(torch.zeros(3)) for _ in range(2)]
    for part in (torch.ones(3), torch.ones(3)):  # of a batch
        accumulate_gradients(parameters, [part, part])
    assert [parameter.grad.tolist() for parameter in parameters] == [[2.0] * 3] * 2


def on_a_gpu(name):
    return dataclasses.replace(small_trial(name), device=torch.device("cuda"))


QUICKLY_COMPILED = ("wgan-gp", "sngan")
ON_A_GPU = [("graph", name) for name in (*image_recipes(), *TEXTS)]
ON_A_GPU += [(engine, name) for engine in ("compiled", "compiled-graph") for name in QUICKLY_COMPILED]


@pytest.mark.gpu
@pytest.mark.parametrize(("engine", "name"), ON_A_GPU)
def test_engines_on_a_gpu_have_the_eager_gradients(engine, name):
    assert max(errors(on_a_gpu(name), make(engine)).values()) < 1e-3
