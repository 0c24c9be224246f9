"""Inversion by squares: least squares, restarts, clipped pictures, the schedule, and the noise of w."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from steadygan.inversion import (
    CriticAndPixels,
    Descent,
    LatentSpace,
    Squares,
    StyleSpace,
    chosen_starts,
    critic_layers,
    descend,
)
from steadygan.inversion.spaces import noise_regularity, shown_within
from steadygan.networks import StyleGAN2Critic, StyleGAN2Generator
from steadygan.priors import Normal
from steadygan.types import SampleSpec


class Function(nn.Module):
    """Samples as a function of latents and labels."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, latents, labels=None):
        return self.function(latents) if labels is None else self.function(latents, labels)


def test_a_linear_generator_gives_the_least_squares_solution_of_targets_out_of_its_reach():
    torch.manual_seed(0)
    matrix, targets = torch.randn(12, 3).double(), torch.randn(5, 12).double()
    space = LatentSpace(Function(lambda z: z @ matrix.T), Normal(3))
    found = descend(space, Squares(), targets, torch.randn(2, 5, 3).double(), descent=Descent(500, rate=0.1))
    solved = torch.linalg.lstsq(matrix, targets.T).solution.T
    torch.testing.assert_close(found.points, solved, rtol=0, atol=1e-4)
    torch.testing.assert_close(found.errors, (solved @ matrix.T - targets).square().mean(1), rtol=1e-6, atol=0)


def test_chosen_starts_leave_a_minimum_in_which_one_start_hangs():
    space = LatentSpace(Function(lambda z: z**3 - 3 * z), Normal(1))  # 10 at z = 2.613 alone; a bad minimum at -1
    target, pool = torch.tensor([[10.0]]), torch.linspace(-2.5, 2.5, 11)[:, None]
    hung = descend(space, Squares(), target, torch.tensor([[[-1.5]]]), descent=Descent(200))
    assert hung.points.item() == pytest.approx(-1.0, abs=0.01)
    starts = chosen_starts(space, Squares(), target, pool, None, 4)
    assert starts.points.shape == (4, 1, 1) and starts.points[0].item() == 2.5
    assert len(set(starts.points.flatten().tolist())) == 4 and starts.points.min() == -2.5  # not the nearest ones alone
    found = descend(space, Squares(), target, starts.points, descent=Descent(200))
    assert found.points.item() == pytest.approx(2.6129, abs=1e-3)
    assert found.tries.shape == (4, 1) and found.tries.max() > 60


def test_starts_take_their_labels_along_and_the_class_is_found():
    space = LatentSpace(Function(lambda z, y: z + 10.0 * y[:, None]), Normal(1))
    pool, labels = torch.zeros(6, 1), torch.arange(6) % 3
    targets = torch.tensor([[20.4], [0.3]])
    starts = chosen_starts(space, Squares(), targets, pool, labels, 2)
    found = descend(space, Squares(), targets, starts.points, starts.labels, Descent(200))
    assert found.labels.tolist() == [2, 0]
    torch.testing.assert_close(found.points, torch.tensor([[0.4], [0.3]]), rtol=0, atol=1e-3)


def test_what_is_shown_as_white_is_no_error_and_what_is_beyond_it_finds_back():
    samples = torch.tensor([1.7, 0.2, -3.0], requires_grad=True)
    shown = shown_within(samples, (-1.0, 1.0))
    torch.testing.assert_close(shown.detach(), torch.tensor([1.0, 0.2, -1.0]))
    (gradient,) = torch.autograd.grad((shown - torch.tensor([1.0, 0.0, 0.5])).square().sum(), samples)
    torch.testing.assert_close(gradient, torch.tensor([0.0, 0.4, -3.0]))
    assert shown_within(samples, None) is samples


def test_the_rate_and_the_noise_follow_the_papers_schedule():
    settings = Descent(1000, rate=0.1, rise=0.05, fall=0.25, noise=0.05)
    for step in (0, 20, 49, 50, 400, 750, 900, 999):
        t = step / 1000
        ramp = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - t) / 0.25))
        assert settings.rate_at(step) == pytest.approx(0.1 * ramp * min(1.0, t / 0.05))
        assert settings.noise_at(step) == pytest.approx(0.05 * max(0.0, 1 - t / 0.75) ** 2)


def test_noise_that_is_like_its_neighbours_costs_and_white_noise_does_not():
    # a constant map: correlations of 1 at 16 px, and of 4 at 8 px, where means are taken twice
    assert noise_regularity([torch.ones(1, 1, 16, 16)]).item() == 2 * 1**2 + 2 * 4**2
    chequers = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(8, 8)[None, None]
    assert noise_regularity([chequers]).item() == 2.0
    white = torch.randn(100, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    # squared correlations of n white pixels have the mean 1 / n: two axes at 16 and at 8 px
    assert noise_regularity([white]).mean().item() == pytest.approx(2 / 256 + 2 / 64, rel=0.3)


@pytest.fixture(scope="module")
def style():
    torch.manual_seed(0)
    generator = StyleGAN2Generator(64, 8, style=6, mapping=2).build(SampleSpec((3, 16, 16)), 5)
    return generator.eval().requires_grad_(False)


def test_the_space_of_styles_knows_its_mean_and_deviation_and_keeps_noise_standard(style):
    latents = torch.randn(500, 5)
    space, mapped = StyleSpace(style, latents, seed=3), style.mapping(latents)
    torch.testing.assert_close(space.mean, mapped.mean(0))
    assert space.deviation == pytest.approx((mapped.var(0, correction=0).sum() ** 0.5).item(), rel=1e-5)
    maps = space.further(2)
    assert [tuple(each.shape) for each in maps] == [(2, 1, *side) for side in style.sides_of_noise]
    assert all(
        torch.equal(one, other) for one, other in zip(maps, StyleSpace(style, latents, seed=3).further(2), strict=True)
    )
    for each in maps:
        each.mul_(3).add_(1)
    space.settle(maps)
    for each in maps:
        assert each.mean((1, 2, 3)).abs().max() < 1e-5 and (each.square().mean((1, 2, 3)) - 1).abs().max() < 1e-5


def test_a_projected_image_of_the_generator_is_found_from_the_mean_style(style):
    critic = StyleGAN2Critic(64, 8).build(SampleSpec((3, 16, 16))).eval().requires_grad_(False)
    layers = critic_layers(critic)
    assert len(layers) == 4  # a convolution, its activation and two blocks; not what compares samples
    latents = torch.randn(500, 5, generator=torch.Generator().manual_seed(1))
    space = StyleSpace(style, latents)
    images = space.samples(space.styles[:2], None, space.further(2))
    settings, first = Descent(80, rate=0.1, rise=0.05, fall=0.25, noise=0.05), space.mean.expand(1, 2, -1)
    found = descend(space, CriticAndPixels(layers), images, first, descent=settings, seed=1)
    again = descend(space, CriticAndPixels(layers), images, first, descent=settings, seed=1)
    assert torch.equal(found.points, again.points)
    at_first = space.samples(space.mean.expand(2, -1), None, space.further(2))
    reached = space.samples(found.points, None, found.further)
    assert ((reached - images).abs().mean((1, 2, 3)) < 0.1 * (at_first - images).abs().mean((1, 2, 3))).all()
