"""Draws of a round: latents, labels, rows and noise as a function of (seed, round, stream)."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from steadygan.data import Endless
from steadygan.data.options import DataOptions
from steadygan.losses import RelativisticPaired
from steadygan.objectives import Adversarial
from steadygan.penalties import R1, GradientPenalty, NearReal
from steadygan.perturbations import InstanceNoise
from steadygan.representations import Plain
from steadygan.rng import Stream, stream_generator
from steadygan.schedules import CriticWarmUp
from steadygan.training.processes.world import World
from steadygan.training.step import drawer as drawing
from steadygan.training.step.drawer import Drawer
from steadygan.training.step.draws import rows_of
from tests.training.games import IMAGES, image_data, small_recipe

NOISY = Plain(dequantise="paper")
"""noise for each pixel"""


def flat(value):
    if value is None:
        return []
    if isinstance(value, torch.Tensor):
        return [value]
    return [tensor for item in value for tensor in flat(item)]


def drawer(recipe, data=None):
    data = data or image_data()
    return Drawer(recipe, data.sample, data.train, torch.device("cpu"))


def test_a_round_is_drawn_the_same_however_many_rounds_came_before():
    recipe = small_recipe()
    first, second = drawer(recipe), drawer(recipe)
    for round_ in range(7):
        first.round(round_, round_ * 32)
    for a, b in zip(flat(first.round(7, 224)), flat(second.round(7, 224)), strict=True):
        assert torch.equal(a, b)


def test_another_seed_round_or_stream_draws_other_numbers():
    numbers = [
        stream_generator(seed, stream, round_).random(4).tolist()
        for seed in (0, 1)
        for stream in (Stream.LATENTS, Stream.PENALTIES)
        for round_ in (0, 1)
    ]
    assert len({tuple(row) for row in numbers}) == 8


def test_streams_of_neighbouring_rounds_do_not_overlap():
    one = stream_generator(3, Stream.LATENTS, 5).random(4096)
    other = stream_generator(3, Stream.LATENTS, 6).random(4096)
    assert not np.isin(one, other).any()


def test_every_sample_of_an_epoch_is_seen_once_before_any_is_seen_again():
    recipe = small_recipe(batch=20)
    data = image_data(200)  # 180 to train on
    draws = drawer(recipe, data)
    seen, position = [], 0
    for round_ in range(9):
        round_draws = draws.round(round_, position)
        seen += [index for step in round_draws.critic for index in step.real.samples.tolist()]
        position += draws.samples_in(round_)
    assert sorted(seen[:180]) == list(range(180))
    assert sorted(seen[180:360]) == list(range(180))


def test_the_number_of_critic_steps_follows_the_schedule():
    draws = drawer(small_recipe(critic_steps=CriticWarmUp(steps=2, warm_steps=6, warm_rounds=1, every=0)))
    assert [len(draws.round(round_, 0).critic) for round_ in (0, 1)] == [6, 2]
    assert [draws.samples_in(round_) for round_ in (0, 1)] == [96, 32]


def test_parts_get_the_noise_that_they_ask_for():
    recipe = small_recipe(
        penalties=(GradientPenalty(), R1(), GradientPenalty(at=NearReal())),
        representation=Plain(dequantise="paper"),
        data=DataOptions(flip=True),
    )
    step = drawer(recipe).round(0, 0).critic[0]
    assert [None if noise is None else tuple(noise.shape) for noise in step.penalties] == [(16,), None, (16, 1 + 64)]
    assert step.real.representation is not None
    assert step.real.representation.shape == (16, 1, 8, 8)
    assert step.real.flips is not None
    assert step.real.flips.dtype == torch.bool


def test_a_generator_step_sees_real_samples_only_for_objectives_that_ask():
    plain = drawer(small_recipe())
    paired = drawer(small_recipe(objective=Adversarial(RelativisticPaired())))
    assert plain.round(0, 0).generator[0].real is None
    real = paired.round(0, 0).generator[0].real
    assert real is not None
    assert len(real.samples) == 16
    assert paired.samples_in(0) == 2 * 16 + 16


def test_labels_of_generator_steps_are_uniform_over_the_classes():
    recipe = small_recipe(generator_batch=4000)
    labels = drawer(recipe).round(0, 0).generator[0].labels
    assert labels is not None
    counts = torch.bincount(labels, minlength=10)
    assert int(counts.min()) > 300
    assert len(counts) == IMAGES.classes


def test_endless_data_is_drawn_by_the_round():
    data = image_data()

    def draw(rng, count):
        return rng.random((count, 1, 8, 8), dtype=np.float32), rng.integers(0, 10, count)

    endless = dataclasses.replace(data, train=Endless(draw))
    draws = drawer(small_recipe(), endless)
    step = draws.round(3, 0).critic[1]
    assert step.real.samples.shape == (16, 1, 8, 8)
    assert step.real.labels is not None
    assert torch.equal(step.real.samples, drawer(small_recipe(), endless).round(3, 0).critic[1].real.samples)


@pytest.mark.parametrize("size", [2, 4])
def test_a_process_draws_its_own_rows_as_all_would(size):
    penalties = (GradientPenalty(), GradientPenalty(at=NearReal()))
    recipe = small_recipe(representation=NOISY, penalties=penalties, perturbation=InstanceNoise())
    data = image_data()
    whole = drawer(recipe).round(3, 64)
    for rank in range(size):
        world = World(rank, size)
        part = Drawer(recipe, data.sample, data.train, torch.device("cpu"), None, world).round(3, 64)
        for step, expected in zip(part.critic, whole.critic, strict=True):
            found, wanted = (flat(rows_of(each, world.rows(recipe.batch))) for each in (step, expected))
            assert len(found) == len(wanted) > 4
            assert all(torch.equal(a, b) for a, b in zip(found, wanted, strict=True))


def test_a_process_does_not_draw_the_noise_of_others(monkeypatch):
    recipe, data = small_recipe(representation=NOISY, perturbation=InstanceNoise()), image_data()
    drawn = {"uniform_from": [], "normal_from": []}

    def count(name, honest):
        def counted(*arguments):
            drawn[name].append(arguments[4])
            return honest(*arguments)

        monkeypatch.setattr(drawing, name, counted)

    for name in drawn:
        count(name, getattr(drawing, name))
    Drawer(recipe, data.sample, data.train, torch.device("cpu"), None, World(1, 4)).round(0, 0)
    assert sum(drawn["uniform_from"]) == 2 * 4 * (64 + 1)  # two steps of 4 of 16 rows: 64 pixels, and a place between
    latents = recipe.prior.size
    assert sum(drawn["normal_from"]) == 2 * 4 * (latents + 2 * 64) + 4 * (latents + 64)  # noise on real and fake
