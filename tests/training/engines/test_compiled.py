"""Compiled losses against the eager ones: gradients, trajectories, layouts, and nothing compiled twice."""

from __future__ import annotations

import dataclasses

import pytest
import torch
import torch._dynamo.utils

from benchmarks.laptop import on_a_laptop
from steadygan.cli.fields import walk
from steadygan.networks import MLPCritic, ResNet101Critic, ResNet101Generator
from steadygan.recipe import RunOptions
from steadygan.recipes import RECIPES
from steadygan.training.engines.by_name import make
from steadygan.training.engines.compiled import Compiled, accumulate_gradients
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.select import has_compiler
from steadygan.training.processes.world import ALONE
from steadygan.types import SampleSpec
from tests.training.engines.trials import errors, small_trial, trial
from tests.training.games import critic_step, generator_step, image_data, small_recipe, training_round
from tests.training.worlds import ALIKE, TEXTS, image_recipes, made, played_on, sample_of, traced_errors

COLOURFUL = ("wgan-gp", "wgan-gp-cifar10")
FOLLOWED = ("began", "sngan", "adaptive")
ELSEWHERE = {*COLOURFUL, *FOLLOWED, "ebgan-pt", "sgan", "biggan", "progan"}
"""recipes that are traced in other tests: in colour, for rounds, and in those of several processes or of their own"""
ELSEWHERE |= {"began-paper", "pictures", "acgan-wgan-gp", "resnet101", "stylegan2-ada"}
"""and those whose parts others have: began, pictures-by-class, acgan and wgan-gp-cifar10, lsgan, what stands below"""
TRACED = ["stylegan2", "augmentations"]
TRACED += [name for name in (*image_recipes(), *TEXTS) if name not in ELSEWHERE and name not in ALIKE]


@pytest.mark.parametrize("name", ["wgan-gp", *(pytest.param(name, marks=pytest.mark.slow) for name in TRACED)])
def test_traced_losses_have_the_eager_gradients(name):
    found = traced_errors(small_trial(name))
    assert found
    assert max(found.values()) < 1e-9


def kinds(names):
    """The kinds of parts of recipes."""
    fields = [field for name in names for field in walk(made(name)) if field.is_part and not field.item_kinds]
    return {type(field.value) for field in fields if field.value is not None}


def test_every_kind_of_part_is_traced():
    traced = {*TRACED, *COLOURFUL, *FOLLOWED, "ebgan-pt", "sgan", "biggan", "growing"}
    missing = kinds([*image_recipes(), *TEXTS]) - kinds(traced)
    assert missing <= {ResNet101Generator, ResNet101Critic}  # a hundred layers of the kinds that DCGAN's networks have


@pytest.mark.slow
@pytest.mark.parametrize("name", COLOURFUL)
def test_traced_losses_of_colours_have_the_eager_gradients(name):
    """A layout that a tracer misjudges shows with the number of channels (docs/traps.md)."""
    sample = SampleSpec((3, 8, 8), classes=10)
    recipe = made(name)
    whole = RECIPES[name](sample)
    fitted = {player: getattr(on_a_laptop(whole, width=8), player) for player in ("generator", "critic")}
    found = traced_errors(trial(dataclasses.replace(recipe, **fitted), image_data(200, sample)))
    assert max(found.values()) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("name", FOLLOWED)
def test_traced_steps_follow_the_eager_trajectory_by_the_graphs_of_the_first_round(name):
    """Rates, states and draws included: four rounds in float64."""
    data, recipe = image_data(200, sample_of(name)), made(name)
    torch._dynamo.utils.counters.clear()
    (first, answers), (others, theirs) = (
        played_on(data, recipe, ALONE, 4, engine) for engine in (EAGER, Compiled("aot_eager"))
    )
    for one, other in zip([*first, *answers], [*others, *theirs], strict=True):
        torch.testing.assert_close(other, one, rtol=1e-8, atol=1e-10)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 2  # spectral norms and states move in each round


@pytest.mark.slow
def test_nothing_is_compiled_again_in_a_later_round():
    tried, engine = small_trial("instance-noise"), Compiled("aot_eager")
    torch._dynamo.utils.counters.clear()
    game, counts = tried.game(), []
    for round_ in (0, 1, 5_000):  # rates, weights and states that move
        training_round(game, tried.feed, tried.drawer.round(round_, 0), round_, 0, engine)
        counts.append(torch._dynamo.utils.counters["stats"]["unique_graphs"])
    assert counts == [2, 2, 2]


@pytest.mark.slow
@pytest.mark.skipif(not has_compiler(), reason="no C++ compiler")
def test_compiled_losses_have_the_eager_gradients():
    """Of other parts: networks/layers/test_spectral.py, diagnostics/test_doctor_elsewhere.py."""
    tried, engine = small_trial("wgan-gp"), Compiled()
    found = errors(tried, engine)
    assert found
    assert max(found.values()) < 1e-4
    games = tried.game(), tried.game()
    for game, each in zip(games, (EAGER, engine), strict=True):
        training_round(game, tried.feed, tried.drawer.round(0, 0), 0, 0, each)
    for one, other in zip(*((*game.generator.buffers(), *game.critic.buffers()) for game in games), strict=True):
        torch.testing.assert_close(other, one, rtol=1e-4, atol=1e-5)  # statistics


@pytest.mark.slow
def test_parts_of_a_batch_add_up_in_compiled_steps_too():
    tried = trial(made("micro-batches"))
    assert max(traced_errors(tried).values()) < 1e-9


@pytest.mark.slow
def test_one_process_can_compile_for_any_number_of_recipes():
    with torch._dynamo.config.patch(recompile_limit=2):  # of 8
        for width in (4, 5, 6):
            tried = trial(small_recipe(critic=MLPCritic(width=width), run=RunOptions(precision="fp32")))
            critic_step(tried.game(), tried.feed, tried.drawer.round(0, 0).critic[0], Compiled("eager"))


def test_parameters_with_one_gradient_do_not_share_it():
    parameters = [torch.nn.Parameter(torch.zeros(3)) for _ in range(2)]
    for part in (torch.ones(3), torch.ones(3)):  # of a batch
        accumulate_gradients(parameters, [part, part])
    assert [parameter.grad.tolist() for parameter in parameters] == [[2.0] * 3] * 2


@pytest.mark.slow
def test_compiled_gradients_have_the_strides_of_their_parameters():
    """A fused optimizer walks the memory of both; two raw gradients of this critic have other strides."""
    tried, engine = small_trial("wgan-gp"), Compiled("aot_eager")
    game, draws = tried.game(), tried.drawer.round(0, 0)
    critic_step(game, tried.feed, draws.critic[0], engine)
    generator_step(game, tried.feed, draws.generator[0], engine)
    parameters = [*game.players["critic"].parameters, *game.players["generator"].parameters]
    assert any(not parameter.is_contiguous() for parameter in parameters)
    assert [parameter.grad.stride() for parameter in parameters] == [parameter.stride() for parameter in parameters]


def on_a_gpu(name):
    return dataclasses.replace(small_trial(name), device=torch.device("cuda"))


QUICKLY_COMPILED = ("wgan-gp", "sngan")
ON_A_GPU = [("graph", name) for name in (*image_recipes(), *TEXTS)]
ON_A_GPU += [(engine, name) for engine in ("compiled", "compiled-graph") for name in QUICKLY_COMPILED]


@pytest.mark.gpu
@pytest.mark.parametrize(("engine", "name"), ON_A_GPU)
def test_engines_on_a_gpu_have_the_eager_gradients(engine, name):
    assert max(errors(on_a_gpu(name), make(engine)).values()) < 1e-3
