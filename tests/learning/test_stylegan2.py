"""StyleGAN2-ADA on digits of 8x8 pixels: they are learned, and its styles can be truncated, mixed and interpolated."""

from __future__ import annotations

import numpy as np
import pytest

import steadygan as sg
from steadygan.errors import UsageError
from steadygan.networks import StyleGAN2Critic, StyleGAN2Generator
from steadygan.optimizers import Adam
from steadygan.penalties import R1, PathLength
from steadygan.priors import Normal
from steadygan.recipes import stylegan2_ada
from tests.learning.trained import likeness, trained


def narrow(tmp_path, rounds) -> sg.Run:
    """A run of narrow networks, at three times the preset's rate and a gamma for plain shapes."""
    changes = {
        "generator": StyleGAN2Generator(128, 16, style=32, mapping=2),
        "critic": StyleGAN2Critic(128, 16),
        "prior": Normal(32),
        "batch": 16,
        "penalties": (R1(3.0, every=16), PathLength(every=4)),
        "generator_optimizer": (adam := Adam(8e-3, betas=(0.0, 0.99))),
        "critic_optimizer": adam,
    }
    return trained(tmp_path, stylegan2_ada, rounds, **changes)


@pytest.mark.slow
def test_stylegan2_ada_learns_digits(tmp_path):
    distance, spread = likeness(narrow(tmp_path, 60))
    assert distance < 0.14
    assert spread > 0.5


def test_an_untrained_one_misses_the_bound_and_its_styles_are_truncated_mixed_and_interpolated(tmp_path, capsys):
    run = narrow(tmp_path, 2)
    assert likeness(run)[0] > 0.25
    plain = run.sample(6, 3)
    assert np.array_equal(run.sample(6, 3, truncation=1.0), plain)
    one = run.sample(6, 3, truncation=0.0)
    assert all(np.array_equal(image, one[0]) for image in one) and not np.array_equal(one, plain)
    assert np.array_equal(run.sample(6, 3), plain)  # truncation was for that call
    grid = run.style_mixing(2, 4, 1, 3)
    assert grid.shape == (3, 5, 1, 8, 8)
    assert np.array_equal(grid[1:, 0], plain[:2]) and np.array_equal(grid[0, 1:], plain[2:])
    path = run.interpolate_styles(3, 5, 3)
    assert path.shape == (5, 3, 1, 8, 8)
    assert np.array_equal(path[0], plain[:3]) and np.array_equal(path[-1], plain[3:])
    with pytest.raises(UsageError, match="coarse is 4"):
        run.style_mixing(2, 2, 4)
    with pytest.raises(UsageError, match="truncation is -1"):
        run.sample(2, truncation=-1.0)
    check_command(run, tmp_path, capsys)


def check_command(run, tmp_path, capsys) -> None:
    from steadygan.cli import main

    folder = str(run.folder)
    out = tmp_path / "t.npz"
    assert main(["sample", folder, "--count", "4", "--seed", "3", "--truncation", "0.5", "--out", str(out)]) == 0
    assert np.array_equal(np.load(out)["images"].transpose(0, 3, 1, 2), run.sample(4, 3, truncation=0.5))
    for options in (["--mix-styles", "2"], ["--interpolate", "--styles"], ["--truncation", "0.7"]):
        assert main(["sample", folder, "--count", "3", "--seed", "1", *options]) == 0
    assert len(list((run.folder / "generated").glob("*.png"))) == 3
    for options, words in (
        (["--truncation", "3"], "allowed"),
        (["--styles"], "--interpolate"),
        (["--mix-styles", "9"], "coarse is 9"),
        (["--between", "--truncation", "0.5"], "--truncation of styles is for random latents"),
    ):
        assert main(["sample", folder, "--seed", "1", *options]) == 2
        assert words in capsys.readouterr().err


def test_other_generators_have_no_styles_to_truncate(tmp_path):
    run = trained(tmp_path, sg.recipes.r3gan, 1)
    for call in (lambda: run.sample(2, truncation=0.5), lambda: run.style_mixing(1, 1, 1)):
        with pytest.raises(UsageError, match="recipes stylegan2 and stylegan2-ada"):
            call()
