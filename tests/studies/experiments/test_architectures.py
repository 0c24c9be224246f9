"""architectures: the grid of figure 2, what counts as trained, and its claims."""

from __future__ import annotations

import dataclasses

import pytest
from torch import nn

from steadygan.networks import parameter_count
from steadygan.recipes.lsun import BEDROOMS, ROWS, lsun_grid
from steadygan.studies.experiments import architectures as study
from tests.studies.experiments.smoke import check_study, made_up

LAYERS = nn.Conv2d | nn.ConvTranspose2d | nn.Linear


@pytest.mark.slow
def test_the_study_runs_at_smoke_scale():
    results = check_study(study.STUDY)
    assert results.settings("row") == [0, 2] and results.settings("method") == list(study.METHODS)


def test_paper_scale_is_the_grid_itself():
    trials = study.trials("paper", [0])
    assert len(trials) == 7 * 4
    for trial in trials:
        row, method = trial.settings["row"], trial.settings["method"]
        recipe, published = trial.work.recipe(BEDROOMS), lsun_grid(row, method)
        assert recipe.average.half_life == 0
        assert dataclasses.replace(recipe, average=published.average) == published
        assert (trial.work.rounds, recipe.batch, trial.work.data.size) == (200_000, 64, 64)


def test_networks_at_paper_scale_have_the_published_parameters_and_layers():
    def built(row):
        recipe = study.recipe_of(row, "wgan-gp", BEDROOMS, size=study.SIZES["paper"])
        return recipe.generator.build(BEDROOMS, 128), recipe.critic.build(BEDROOMS)

    generator, critic = built(0)
    up, down = [(512, 256), (256, 128), (128, 64), (64, 3)], [(3, 64), (64, 128), (128, 256), (256, 512)]
    assert parameter_count(generator) == 129 * 8192 + sum(25 * a * b + b for a, b in up) + 2 * (512 + 256 + 128 + 64)
    assert parameter_count(critic) == sum(25 * a * b + b for a, b in down) + 2 * (128 + 256 + 512) + 8193
    perceptron, _ = built(2)
    assert parameter_count(perceptron) == 129 * 512 + 3 * 513 * 512 + 513 * 12_288
    for deep in built(6):
        main = [
            p
            for n, p in deep.named_modules()
            if isinstance(p, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) and "shortcut" not in n
        ]
        assert len(main) == 101


@pytest.mark.parametrize("row", range(len(ROWS)))
def test_laptop_scale_is_a_quarter_as_wide_and_of_resnets_a_sixteenth(row):
    laptop = study.recipe_of(row, "lsgan", BEDROOMS, size=study.SIZES["laptop"])
    paper = study.recipe_of(row, "lsgan", BEDROOMS, size=study.SIZES["paper"])
    part = 16 if row == study.DEEP else 4
    assert (part * laptop.generator.width, part * laptop.critic.width) == (paper.generator.width, paper.critic.width)
    assert laptop.critic_optimizer.lr == pytest.approx(5 * paper.critic_optimizer.lr)


def distances(of):
    rows = []
    for row in range(7):
        for method in study.METHODS:
            for seed, shift in enumerate((-0.01, 0.0, 0.01)):
                rows.append(({"row": row, "method": method}, seed, {"distance": of(row, method) + shift}))
    return made_up(rows)


def test_a_row_that_one_method_alone_trains_decides_for_it():
    every, only = study.STUDY.claims
    others_fail = distances(lambda row, method: 0.1 if method == "wgan-gp" or row else 0.9)
    assert every.decide(others_fail).answer == only.decide(others_fail).answer == "holds"
    gp_fails = distances(lambda row, method: 0.9 if method == "wgan-gp" and row == 6 else 0.1)
    assert every.decide(gp_fails).answer == only.decide(gp_fails).answer == "does not hold"
    all_train = distances(lambda row, method: 0.1)
    assert (every.decide(all_train).answer, only.decide(all_train).answer) == ("holds", "does not hold")


def test_a_row_at_the_limit_or_missing_leaves_it_open():
    every, only = study.STUDY.claims
    at_limit = distances(lambda row, method: study.LIMIT if row == 3 else 0.1)
    assert every.decide(at_limit).answer == only.decide(at_limit).answer == "not decided here"
    six = dataclasses.replace(at_limit, rows=tuple(row for row in at_limit if row.settings["row"] != 3))
    assert every.decide(six).answer == "not decided here"


def test_distances_above_that_of_a_diverged_training_count_as_that():
    results = made_up([({"row": 0, "method": "wgan"}, seed, {"distance": 14.0 + seed}) for seed in range(3)])
    assert study.cell(results, 0, "wgan")[:3] == (study.LOST,) * 3
