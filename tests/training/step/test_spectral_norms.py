"""Spectral norms in a training: one power iteration a step, whatever the parts and passes of the step."""

from __future__ import annotations

import dataclasses
import warnings
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from steadygan.losses import Hinge
from steadygan.networks import DCGANCritic, DCGANGenerator, SNDCGANCritic
from steadygan.networks.layers.spectral import spectral_norm
from steadygan.objectives import Adversarial
from steadygan.penalties import R1, GradientPenalty
from steadygan.training.engines.compiled import Compiled
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.float64 import double_setup, in_double
from steadygan.training.fixed_latents import settle_average
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.round import compute_gradients
from steadygan.types import CriticOutput
from tests.training.games import IMAGES, image_data, small_recipe

NORMS = {
    "own": spectral_norm,
    "torch": nn.utils.parametrizations.spectral_norm,
    "hook": nn.utils.spectral_norm,
    "chained": lambda layer: nn.utils.parametrizations.spectral_norm(nn.utils.parametrizations.weight_norm(layer)),
}


class _Critic(nn.Module):
    def __init__(self, first: str, last: str) -> None:
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # the hook is deprecated, and still met
            self.first, self.last = NORMS[first](nn.Linear(64, 8)), NORMS[last](nn.Linear(8, 2))

    def forward(self, samples, labels=None):
        return CriticOutput(self.last(torch.tanh(self.first(samples.flatten(1))))[:, 0])


@dataclass(frozen=True)
class OwnCritic:
    """A critic of a user's own, with spectral norm of some make, in its last layer of another if one is named."""

    norm: str = "torch"
    last: str | None = None

    def build(self, sample) -> nn.Module:
        return _Critic(self.norm, self.last or self.norm)


class _Generator(nn.Module):
    def __init__(self, norm: str) -> None:
        super().__init__()
        self.layer = NORMS[norm](nn.Linear(4, 64))

    def forward(self, latents, labels=None):
        return torch.tanh(self.layer(latents)).view(-1, 1, 8, 8)


@dataclass(frozen=True)
class OwnGenerator:
    """A generator of a user's own, with spectral norm of some make and no batch norm."""

    norm: str = "torch"

    def build(self, sample, size) -> nn.Module:
        return _Generator(self.norm)


def inside(network, kind):
    """The user's module in what is made of it for the training."""
    return next(part for part in network.modules() if isinstance(part, kind))


def built(recipe, micro_batch=None):
    """A setup in float64, at round 0."""
    recipe = dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, micro_batch=micro_batch))
    builder = SetupBuilder(recipe, image_data(sample=IMAGES), torch.device("cpu"))
    return double_setup(builder.build())


def gradients(setup, engine=EAGER):
    """The gradients of each phase, and the buffers of both networks after it."""
    game, draws = setup.game, in_double(setup.drawer.round(0, 0))
    game.set_round(0)
    found = {}
    for phase in game.phases:
        compute_gradients(setup, phase, draws.of(phase.player)[0], engine)
        parameters = game.players[phase.player].network.named_parameters()
        found |= {f"{phase} {name}": p.grad.clone() for name, p in parameters if p.grad is not None}
        for name, buffer in [*game.critic.named_buffers(), *game.generator.named_buffers()]:
            found[f"{phase} {name}"] = buffer.clone()
    return found


HINGE = {"objective": Adversarial(Hinge()), "penalties": ()}
CASES = {
    "both networks": {
        **HINGE,
        "critic": SNDCGANCritic(width=4),
        "generator": OwnGenerator("own"),
    },
    "a penalty at points of its own": {"critic": SNDCGANCritic(width=4), "penalties": (GradientPenalty(10.0),)},
    "a lazy penalty": {**HINGE, "critic": SNDCGANCritic(width=4), "penalties": (R1(1.0, every=2),)},
    **{f"{name} in a user's critic": {**HINGE, "critic": OwnCritic(name)} for name in NORMS},
}


@pytest.mark.parametrize("case", CASES)
def test_parts_of_a_batch_add_up_to_the_gradients_of_the_whole_and_move_the_norms_once(case):
    recipe = small_recipe(**{"generator": DCGANGenerator(width=4, norm="none"), **CASES[case]})
    whole = gradients(built(recipe))
    for micro_batch in (8, 5, 2):
        parts = gradients(built(recipe, micro_batch))
        assert parts.keys() == whole.keys()
        for name, gradient in whole.items():
            torch.testing.assert_close(parts[name], gradient, rtol=1e-12, atol=1e-12, msg=name)


@pytest.mark.parametrize("norm", ["own", "torch", "hook"])
def test_a_step_makes_one_power_iteration_of_the_closed_form(norm):
    recipe = small_recipe(**HINGE, critic=OwnCritic(norm), generator=DCGANGenerator(width=4, norm="none"))
    setup = built(recipe, 4)
    critic = inside(setup.game.critic, _Critic)
    weight = {
        "own": lambda: critic.first.parametrizations.weight.original,
        "torch": lambda: critic.first.parametrizations.weight.original,
        "hook": lambda: critic.first.weight_orig,
    }[norm]().detach()
    buffers = dict(critic.first.named_buffers())
    names = {"own": ("u", "v"), "torch": ("_u", "_v"), "hook": ("weight_u", "weight_v")}[norm]
    u, v = (next(b for key, b in buffers.items() if key.split(".")[-1] == name) for name in names)
    before_u, before_v = u.clone(), v.clone()
    compute_gradients(setup, setup.game.phases[0], in_double(setup.drawer.round(0, 0)).critic[0], EAGER)
    unit = nn.functional.normalize
    if norm == "torch":  # torch's parametrization moves u first
        expected_u = unit(weight @ before_v, dim=0)
        expected_v = unit(weight.T @ expected_u, dim=0)
    else:
        expected_v = unit(weight.T @ before_u, dim=0)
        expected_u = unit(weight @ expected_v, dim=0)
    torch.testing.assert_close(u, expected_u, rtol=0, atol=1e-12)
    torch.testing.assert_close(v, expected_v, rtol=0, atol=1e-12)


def test_a_compiled_step_moves_the_norms_as_an_eager_one():
    recipe = small_recipe(**HINGE, critic=OwnCritic("own", last="torch"))
    eager = gradients(built(recipe, 8))
    compiled = gradients(built(recipe, 8), Compiled("aot_eager"))
    assert compiled.keys() == eager.keys()
    for name, gradient in eager.items():
        torch.testing.assert_close(compiled[name], gradient, rtol=1e-10, atol=1e-12, msg=name)


def test_the_passes_of_one_step_divide_by_one_sigma():
    recipe = small_recipe(critic=SNDCGANCritic(width=4), penalties=(GradientPenalty(10.0),))
    setup = built(recipe)
    sigmas = []
    layer = next(part for part in setup.game.critic.modules() if hasattr(part, "parametrizations"))
    layer.register_forward_hook(lambda part, inputs, output: sigmas.append(part.weight.detach().clone()))
    compute_gradients(setup, setup.game.phases[0], in_double(setup.drawer.round(0, 0)).critic[0], EAGER)
    assert len(sigmas) == 2 and torch.equal(*sigmas)


def test_the_averaged_generator_gets_the_sigma_of_its_own_weights_whoever_made_the_norm():
    setup = built(small_recipe(generator=OwnGenerator("torch"), critic=DCGANCritic(width=4)))
    layer = inside(setup.game.average, _Generator).layer
    with torch.no_grad():
        layer.parametrizations.weight.original.copy_(torch.randn(64, 4).double())
    for _ in range(20):
        settle_average(setup.game)
    largest = torch.linalg.matrix_norm(layer.parametrizations.weight.original, 2)
    expected = layer.parametrizations.weight.original / largest
    torch.testing.assert_close(layer.weight, expected, rtol=1e-2, atol=1e-3)
