"""Rounds of a generator that draws: exact resumes, micro-batches and numbers that are functions of the counters."""

from __future__ import annotations

import dataclasses

import torch

from steadygan.networks import StyleGAN2Critic, StyleGAN2Generator
from steadygan.perturbations import Adaptive, Augment
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.recipes import stylegan2_ada
from steadygan.training.processes.world import ALONE
from tests.training.games import image_data, small_recipe, table
from tests.training.runs import check_resumed_from_copies
from tests.training.worlds import played_on


def tiny(**changes) -> Recipe:
    """StyleGAN2-ADA on networks of a few maps, whose every part acts."""
    fields = {
        "generator": StyleGAN2Generator(64, 8, style=6, mapping=2),
        "critic": StyleGAN2Critic(64, 8, group=2),
        "prior": Normal(5),
        "perturbation": Adaptive(Augment(), images=1_000, every=1, initial=0.5),
        "batch": 8,
    }
    recipe = stylegan2_ada()
    penalties = tuple(dataclasses.replace(penalty, every=2) for penalty in recipe.penalties)
    return dataclasses.replace(recipe, penalties=penalties, **{**fields, **changes})


def test_a_run_resumes_to_the_last_digit(tmp_path):
    run = small_recipe().run
    check_resumed_from_copies(tiny(run=run, rounds=12), tmp_path, after=(5,))


def test_micro_batches_add_up_to_the_batch():
    data = image_data(100)
    whole = tiny()
    whole = dataclasses.replace(whole, penalties=whole.penalties[:1])  # path lengths are compared with a batch's mean
    parts = dataclasses.replace(whole, run=dataclasses.replace(whole.run, micro_batch=4))
    # two passes of half the batch move the mean of styles twice: it is no part of the game
    for one, other in zip(*(played_on(data, recipe, ALONE, 3) for recipe in (whole, parts)), strict=True):
        for first, second in zip(one, other, strict=True):
            torch.testing.assert_close(first, second, rtol=1e-8, atol=1e-10)


def test_the_generators_numbers_are_functions_of_the_round_and_the_same_cut_for_a_whole_batch():
    _, _, drawer = table(tiny(), image_data())
    one, again, later = drawer.round(3, 0), drawer.round(3, 64), drawer.round(4, 0)
    for player in ("critic", "generator"):
        (first,), (second,), (other,) = one.of(player), again.of(player), later.of(player)
        assert [tuple(noise.shape) for noise in first.generator.noise] == [(8, 1, 4, 4), (8, 1, 8, 8), (8, 1, 8, 8)]
        noises = (step.generator.noise for step in (first, second, other))
        for here, there, elsewhere in zip(*noises, strict=True):
            assert torch.equal(here, there) and not torch.equal(here, elsewhere)
        assert (first.generator.mixing == first.generator.mixing[:1]).all()
        assert not torch.equal(first.generator.latents, first.latents)


def test_other_generators_draw_nothing():
    _, _, drawer = table(small_recipe(), image_data())
    assert all(step.generator is None for step in drawer.round(0, 0).critic)
