"""Recipes of remedies beside DCGAN's loss: what they change, and rounds that stay finite."""

from __future__ import annotations

import dataclasses

import pytest
import torch

import steadygan as sg
from steadygan.losses import Hinge, NonSaturating
from steadygan.networks.minibatch import Discrimination
from steadygan.objectives import Adversarial, FeatureMatching, LeCam
from steadygan.recipe import stretched
from steadygan.recipes import dcgan, feature_matching, instance_noise, lecam, minibatch_discrimination
from steadygan.training.validate import check
from steadygan.types import SampleSpec
from tests.training.games import image_data, table, training_round

IMAGES, POINTS, DIGITS = SampleSpec((3, 32, 32)), SampleSpec((2,)), SampleSpec((1, 8, 8), 10)
MAKERS = [minibatch_discrimination, feature_matching, lecam, instance_noise]
makers = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
SMOOTHED = Adversarial(NonSaturating(), real_label=0.9)


@makers
@pytest.mark.parametrize("sample", [IMAGES, POINTS], ids=str)
def test_each_is_dcgan_but_for_its_remedy(make, sample):
    base, recipe = dcgan(sample), make(sample)
    changed = {f.name for f in dataclasses.fields(base) if getattr(base, f.name) != getattr(recipe, f.name)}
    assert changed <= {"name", "critic", "objective", "perturbation"} and len(changed) >= 2


def test_remedies_have_their_papers_numbers():
    recipe = minibatch_discrimination()
    assert recipe.critic.minibatch == Discrimination(outputs=100, depth=5, group=16) and recipe.objective == SMOOTHED
    recipe = feature_matching()
    assert recipe.objective == FeatureMatching(SMOOTHED, weight=1.0, base_weight=0.0) and recipe.critic.features
    assert lecam().objective == LeCam(Adversarial(Hinge()), weight=0.3, decay=0.9, start=1_000)


def test_the_noise_is_gone_at_the_end_of_the_training_however_long_it_is():
    for recipe in (instance_noise(), stretched(instance_noise(), 500)):
        strengths = [recipe.perturbation.strength(round_) for round_ in (0, recipe.rounds // 2, recipe.rounds)]
        assert strengths == pytest.approx([0.1, 0.05, 0.0])


@makers
@pytest.mark.parametrize("sample", [SampleSpec((3, 8, 8)), SampleSpec((1, 28, 28)), POINTS], ids=str)
def test_two_rounds_stay_finite_and_validation_warns_of_nothing(make, sample):
    data = image_data(60, sample) if sample.is_image else sg.data.open_data(sg.data.DataOptions(source="8gaussians"))
    recipe = make(sample)
    players = {player: dataclasses.replace(getattr(recipe, player), width=4) for player in ("generator", "critic")}
    recipe = dataclasses.replace(recipe, batch=16, **players)
    game, feed, drawer = table(recipe, data)
    assert check(recipe, game.generator, game.critic) == ()
    for round_ in range(2):
        report = training_round(game, feed, drawer.round(round_, round_ * drawer.samples_in(0)), round_, 0)
        assert torch.isfinite(report.critic_loss) and torch.isfinite(report.generator_loss)
