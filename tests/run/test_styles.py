"""Styles of a run: mixed and interpolated samples are those of ``sample``, with their classes and units."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from steadygan.data.units import Units
from steadygan.networks import StyleGAN2Critic, StyleGAN2Generator
from steadygan.priors import Normal
from steadygan.run import Run
from steadygan.run.latent_files import LatentPoints
from steadygan.training.session import new_run
from tests.training.games import image_data, small_recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a conditional StyleGAN2, of one round."""
    style = StyleGAN2Generator(64, 8, style=6, mapping=2, conditional=True)
    recipe = small_recipe(generator=style, critic=StyleGAN2Critic(64, 8), prior=Normal(5), penalties=(), rounds=1)
    folder = tmp_path_factory.mktemp("styles") / "run"
    new_run(recipe, image_data(), folder, device="cpu")
    return folder


@pytest.fixture
def run(folder: Path) -> Run:
    return Run(folder)


@pytest.fixture
def in_units(folder: Path) -> Run:
    """The same run, as if its data had been scaled for training."""
    run = Run(folder)
    run.__dict__["data"] = dataclasses.replace(run.data, units=Units((1000.0,), (-3.0,)))
    return run


@pytest.mark.parametrize("label", [None, [3, 7, 1]])
def test_a_grid_of_mixed_styles_has_the_samples_and_classes_of_sample_on_its_sides(run, label):
    grid, plain = run.style_mixing(2, 3, 1, seed=4, label=label), run.sample(5, 4, label=label)
    assert np.array_equal(grid[1:, 0], plain[:2]) and np.array_equal(grid[0, 1:], plain[2:])
    generator, latents = run.generator, run.latents(5, 4)
    with torch.no_grad():
        styles = generator.styles(latents, run.labels(5, 4, label))
        mixed = generator.synthesize(torch.cat([styles[1:2, :1], styles[4:5, 1:]], 1))
    assert np.array_equal(grid[2, 3], run.decoded(mixed)[0])


def test_what_is_made_of_styles_is_in_the_units_of_the_data(in_units):
    plain = in_units.sample(4, 4)
    assert plain.dtype == np.float32 and plain.max() > 255
    path = in_units.interpolate_styles(2, 3, seed=4)
    assert np.array_equal(path[0], plain[:2])
    grid = in_units.style_mixing(2, 2, 1, seed=4)
    assert np.array_equal(grid[1:, 0], plain[:2]) and np.array_equal(grid[0, 1:], plain[2:]) and not grid[0, 0].any()
    with torch.no_grad():
        points = in_units.generator.mapping(in_units.latents(4, 4), in_units.labels(4, 4))
    assert np.array_equal(in_units.decode_latents(LatentPoints("w", points)), plain)
