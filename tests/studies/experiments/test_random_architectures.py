"""random-architectures: the set, its recipes, the table of who succeeds, and the exact test."""

from __future__ import annotations

import collections
import dataclasses
import math

import numpy as np
import pytest
from torch import nn

from steadygan.networks import parameter_count
from steadygan.studies.experiments import random_architectures as study
from steadygan.studies.experiments._architectures import COUNT, Architecture, Side, drawn, recipe_of
from steadygan.types import SampleSpec
from tests.studies.experiments.smoke import check_study, made_up

IMAGENET = SampleSpec((3, 32, 32))


@pytest.mark.slow
def test_the_study_runs_at_smoke_scale():
    results = check_study(study.STUDY)
    assert len(results) == 4
    assert {row.values["networks"] for row in results} == {str(each) for each in drawn(2, 0)}


def test_the_set_has_the_papers_size_and_is_drawn_uniformly_without_repetition():
    assert COUNT == (4 * 4 * 2 * 3) ** 2 == 9_216
    architectures = drawn(COUNT, 0)
    assert len(set(architectures)) == COUNT
    assert drawn(200, 0) == architectures[:200] != drawn(200, 1)
    depths = collections.Counter(each.generator.depth for each in architectures[:2_000])
    assert all(abs(count - 500) < 4 * math.sqrt(2_000 * 0.25 * 0.75) for count in depths.values())


def test_networks_have_the_drawn_depth_filters_and_norm():
    architecture = Architecture(Side("tanh", 12, True, 32), Side("relu", 20, False, 64))
    recipe = recipe_of(architecture, "gan", rounds=1, batch=1)
    generator, critic = recipe.generator.build(IMAGENET, 128), recipe.critic.build(IMAGENET)
    layers = [
        [part for part in each.modules() if isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)]
        for each in (generator, critic)
    ]
    assert [len(each) for each in layers] == [12, 20]
    assert layers[0][-1].in_channels == 32 and layers[1][0].out_channels == 64
    assert sum(isinstance(part, nn.Tanh) for part in generator.modules()) == 11
    norms = [
        sum(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in each.modules())
        for each in (generator, critic)
    ]
    assert norms == [11, 0]


def test_paper_scale_is_that_of_the_appendix():
    trials = study.trials("paper", [0])
    assert len(trials) == 2 * 200
    for trial in trials[:2]:
        recipe = trial.work.recipe
        assert (trial.work.rounds, recipe.batch, trial.work.data.size) == (100_000, 64, 32)
        penalised = trial.settings["objective"] == "wgan-gp"
        assert (recipe.generator_optimizer.lr, recipe.generator_optimizer.betas) == (
            (1e-4, (0.0, 0.9)) if penalised else (2e-4, (0.5, 0.999))
        )
        assert recipe.steps(0) == (5 if penalised else 1) and bool(recipe.penalties) == penalised
    decayed = [each.work.recipe.critic for each in trials]
    decays = [each.work.recipe.critic_optimizer.weight_decay for each in trials]
    assert all((decay == 1e-3) == (critic.norm != "none") for decay, critic in zip(decays, decayed, strict=True))
    assert {critic.norm for critic in decayed[1::2]} == {"layer", "none"}
    assert {critic.norm for critic in decayed[::2]} == {"batch", "none"}


def test_a_plain_pair_of_four_layers_has_the_parameters_of_the_cifar_networks():
    plain = Architecture(Side("relu", 4, True, 128), Side("leaky_relu", 4, False, 128))
    recipe = recipe_of(plain, "wgan-gp", rounds=1, batch=1)
    assert parameter_count(recipe.generator.build(IMAGENET, 128)) == 5_179_907
    assert parameter_count(recipe.critic.build(IMAGENET)) == 4_114_689


def scores(pairs):
    rows = []
    for number, (gan, gp) in enumerate(pairs):
        rows.append(({"architecture": number, "objective": "gan"}, 0, {"score": gan}))
        rows.append(({"architecture": number, "objective": "wgan-gp"}, 0, {"score": gp}))
    return made_up(rows)


def test_who_succeeds_is_counted_by_pairs():
    results = scores([(1, 6), (1, 6), (6, 1), (6, 6), (1, 1), (5.0, 5.01)])
    assert study.who_succeeds(results, 5.0) == (1, 3, 1, 1)
    half = dataclasses.replace(results, rows=results.rows[:-1])
    assert study.who_succeeds(half, 5.0) == (1, 2, 1, 1)


@pytest.mark.parametrize(("only_gan", "only_gp"), [(0, 8), (3, 9), (5, 5), (1, 0)])
def test_the_exact_test_is_the_binomial_sum(only_gan, only_gp):
    count = only_gan + only_gp
    chances = [math.comb(count, k) / 2**count for k in range(count + 1)]
    expected = sum(chance for chance in chances if chance <= chances[only_gp] * (1 + 1e-9))
    interval, p = study.discordant(only_gan, only_gp)
    assert p == pytest.approx(expected)
    assert interval.mean == pytest.approx(only_gp / count)
    tail = sum(
        math.comb(count, k) * interval.low**k * (1 - interval.low) ** (count - k) for k in range(only_gp, count + 1)
    )
    assert tail == pytest.approx(0.025 if only_gp else 1.0)  # Clopper and Pearson


def test_claims_are_decided_by_the_table():
    many = study.STUDY.claims[0]
    assert many.decide(scores([(1, 6)] * 8)).answer == "holds"
    assert many.decide(scores([(6, 1)] * 8)).answer == "does not hold"
    assert many.decide(scores([(1, 6)] * 5 + [(6, 1)] * 3)).answer == "not decided here"
    keeps = study.STUDY.claims[1]
    assert keeps.decide(scores([(6, 6)] * 60)).answer == "holds"
    assert keeps.decide(scores([(6, 1)] * 20 + [(6, 6)] * 20)).answer == "does not hold"


def test_the_papers_counts_are_of_200_architectures():
    assert {sum(counts) for counts in study.PAPER.values()} == {200}
    assert np.allclose([study.THRESHOLDS[0], study.THRESHOLDS[-1]], [1, 9])
