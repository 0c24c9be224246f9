"""Critics that score packs of samples (PacGAN)."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

import steadygan as sg
from steadygan import recipe as recipes
from steadygan.errors import UsageError
from steadygan.losses import Wasserstein
from steadygan.networks import (
    ConvCritic,
    DCGANCritic,
    MLPCritic,
    R3GANCritic,
    ResNetCritic,
    SNDCGANCritic,
    parameter_count,
)
from steadygan.networks.layers.inspect import couples_batch, group_size
from steadygan.networks.layers.packing import PackedCritic, norms_of_packs
from steadygan.networks.minibatch import Stddev
from steadygan.objectives import Adversarial
from steadygan.penalties import R1, R2, GradientPenalty
from steadygan.recipes import gan
from steadygan.studies.training import OPTIONS
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.phase_terms import phase_terms
from steadygan.training.validate import check
from steadygan.types import SampleSpec

POINTS, IMAGES = SampleSpec((2,)), SampleSpec((3, 16, 16), classes=10)
CRITICS = [
    (MLPCritic(8, 2), POINTS),
    (MLPCritic(8, 2), IMAGES),
    (DCGANCritic(4), IMAGES),
    (ConvCritic(4), SampleSpec((1, 30), kind="signal")),
    (ResNetCritic(8, spectral=True), IMAGES),
    (SNDCGANCritic(4), IMAGES),
    (R3GANCritic(8, blocks=1), IMAGES),
]


def built(spec, sample):
    torch.manual_seed(0)
    return spec.build(sample).eval()


@pytest.mark.parametrize(("spec", "sample"), CRITICS)
def test_a_packing_of_1_changes_nothing(spec, sample):
    plain, one = built(spec, sample), built(dataclasses.replace(spec, packing=1), sample)
    assert not any(isinstance(part, PackedCritic) for part in one.modules())
    x = torch.randn(4, *sample.shape)
    assert torch.equal(plain(x).score, one(x).score)
    recipe = dataclasses.replace(gan(sample), critic=spec)
    assert "packing" not in recipes.dumps(recipe)
    packed = dataclasses.replace(recipe, critic=dataclasses.replace(spec, packing=2))
    assert recipes.loads(recipes.dumps(packed)) == packed


@pytest.mark.parametrize(("spec", "sample"), CRITICS)
def test_a_pack_is_scored_as_one_input_and_each_of_its_samples_gets_the_score(spec, sample):
    spec = dataclasses.replace(spec, packing=3)
    critic = built(spec, sample)
    channels, *sides = sample.shape
    whole = built(dataclasses.replace(spec, packing=1), SampleSpec((3 * channels, *sides), kind=sample.kind))
    assert parameter_count(critic) == parameter_count(whole)
    x = torch.randn(6, *sample.shape)
    packs = torch.stack([torch.cat([x[0], x[1], x[2]]), torch.cat([x[3], x[4], x[5]])])
    scores = critic(x, torch.arange(6)).score  # labels are not for packs
    assert torch.allclose(scores, whole(packs).score.repeat_interleave(3), atol=1e-6)
    assert (group_size(critic), couples_batch(critic)) == (3, False)


def test_the_score_of_a_pack_is_its_layers_written_out():
    critic = built(MLPCritic(8, 1, packing=2), POINTS).double()
    first, score = [part for part in critic.modules() if isinstance(part, nn.Linear)]
    assert first.weight.shape == (8, 4)
    x = torch.randn(2, 2, dtype=torch.float64)
    hidden = torch.relu(first.weight @ torch.cat([x[0], x[1]]) + first.bias)
    expected = score.weight[0] @ hidden + score.bias[0]
    assert torch.allclose(critic(x).score, expected.expand(2))


def test_a_batch_that_is_no_number_of_packs_is_refused():
    with pytest.raises(UsageError, match="packs of 2, which do not divide a batch of 3"):
        built(MLPCritic(8, packing=2), POINTS)(torch.zeros(3, 2))
    recipe = dataclasses.replace(gan(POINTS), critic=MLPCritic(8, packing=3), batch=16)
    with pytest.raises(UsageError, match="in groups of 3"):
        check(recipe, recipe.generator.build(POINTS, 2), recipe.critic.build(POINTS))


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: MLPCritic(packing=0), "MLPCritic.packing"),
        (lambda: DCGANCritic(packing=2, class_logits=True), "class_logits"),
        (lambda: ResNetCritic(packing=2, projection=True), "projection"),
        (lambda: R3GANCritic(packing=2, conditional=True), "conditional"),
        (lambda: DCGANCritic(packing=2, minibatch=Stddev()), "minibatch"),
    ],
)
def test_what_asks_for_single_samples_is_refused_beside_it(make, word):
    with pytest.raises(UsageError, match=word):
        make()


class Linear(nn.Module):
    """f(pack) = w · pack."""

    def __init__(self, inputs, weights):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weights))

    def forward(self, x):
        return x.flatten(1) @ self.weight


@pytest.mark.parametrize("packing", [1, 2, 4])
def test_norms_of_packs_are_those_of_the_joined_input(packing):
    gradient = torch.randn(8 // packing, packing * 3, dtype=torch.float64)  # of a pack's score in its samples
    of_samples = packing * gradient.reshape(8, 3).norm(dim=1)  # of the sum of its equal scores
    expected = gradient.norm(dim=1).repeat_interleave(packing)
    assert torch.allclose(norms_of_packs(of_samples, packing), expected)


@pytest.mark.parametrize(
    ("penalties", "closed_form"),
    [
        ((GradientPenalty(10.0),), lambda norm: 10 * (norm - 1) ** 2),
        ((R1(0.5), R2(0.3)), lambda norm: 0.4 * norm**2),
    ],
)
@pytest.mark.parametrize("packing", [1, 2])
def test_penalties_of_a_linear_critic_of_packs_have_their_closed_form(packing, penalties, closed_form):
    from steadygan.data import open_data
    from steadygan.data.options import DataOptions

    critic = MLPCritic(4, 1, packing=packing)
    recipe = dataclasses.replace(
        gan(POINTS), critic=critic, objective=Adversarial(Wasserstein()), penalties=penalties, batch=8, rounds=1
    )
    setup = SetupBuilder(recipe, open_data(DataOptions("8gaussians")), torch.device("cpu")).build()
    game = setup.game
    weights = torch.arange(1.0, 2 * packing + 1)
    first, score = [part for part in game.critic.modules() if isinstance(part, nn.Linear)]
    with torch.no_grad():  # units that are always on: relu(w x + 1000) - 1000
        first.weight.copy_(torch.zeros_like(first.weight))
        first.weight[0] = weights
        first.bias.fill_(1000)
        score.weight.copy_(torch.tensor([[1.0, 0, 0, 0]]))
    draws = setup.drawer.round(0, 0).critic[0]
    terms = phase_terms(game, game.phases[0], setup.feed(draws.real), draws, game.state)
    norm = float(weights.norm())
    assert terms.penalty.item() == pytest.approx(closed_form(norm), rel=1e-4)
    assert terms.gradient_norm.shape == (8,)
    assert torch.allclose(terms.gradient_norm, torch.full((8,), norm), rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spec", "data"), [(MLPCritic(16, packing=3), "8gaussians"), (DCGANCritic(4, packing=2), "digits")]
)
def test_packed_critics_train_with_looks_and_pictures(spec, data, tmp_path):
    sample = POINTS if data == "8gaussians" else SampleSpec((1, 8, 8))
    options = dataclasses.replace(OPTIONS, diagnose=True, picture_every=3, checkpoint_every=3, log_every=2)
    recipe = dataclasses.replace(gan(sample), critic=spec, batch=12, rounds=6, penalties=(R1(0.1),), run=options)
    run = sg.train(recipe, data=data, out=tmp_path / "run")
    assert run.finished
    assert run.recipe.critic.packing == spec.packing
    assert "critic_loss" in run.rows[-1]
