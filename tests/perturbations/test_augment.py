"""ADA's augmentations: wavelets, geometry and colours by closed forms, probabilities, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from steadygan.errors import UsageError
from steadygan.perturbations import Adaptive, Augment
from steadygan.perturbations.augment import GROUPS, filtered
from steadygan.perturbations.chances import NORMAL, UNIFORM, Chances, band_gains, placement, tint
from steadygan.perturbations.placing import resampled, shifting, stretching, turning
from steadygan.perturbations.tinting import contrast, hue, luma_flip, saturation
from steadygan.perturbations.wavelets import BAND_FILTERS, SYM2, SYM6, doubled, halved
from steadygan.types import Scales
from tests.perturbations.common import draw, normal, number, uniform


def filled(count: int, value: float) -> torch.Tensor:
    return torch.full((count,), value, dtype=torch.float64)


def smooth(height: int, width: int) -> torch.Tensor:
    """A picture without fine detail, [1, 1, H, W]."""
    y, x = (torch.linspace(0.0, 3.0, side, dtype=torch.float64) for side in (height, width))
    return (y.sin()[:, None] + 0.5 * (x + 0.3).cos())[None, None]


@pytest.mark.parametrize("taps", [SYM6, SYM2])
def test_the_wavelets_are_orthogonal_to_their_even_shifts(taps):
    h = np.asarray(taps)
    for shift in range(len(h) // 2):
        product = (h[2 * shift :] * h[: len(h) - 2 * shift]).sum()
        assert product == pytest.approx(float(shift == 0), abs=1e-10)
    assert h.sum() == pytest.approx(math.sqrt(2))
    moments = [((-1.0) ** np.arange(len(h)) * np.arange(len(h)) ** k * h).sum() for k in range(len(h) // 2)]
    assert np.abs(moments).max() < 1e-6


def test_doubling_by_blocks_is_the_convolution_written_out_and_halving_its_adjoint():
    x, y = normal(2, 1, 19, 5), normal(2, 1, 2 * 19 + 12, 2 * 5 + 12)
    for column in range(2):  # of a row: zeros between pixels, then the filter
        row = x[column, 0, :, 0].numpy()
        spread = np.zeros(2 * len(row))
        spread[::2] = row
        expected = math.sqrt(2) * np.convolve(spread, SYM6)[5 : 5 + len(spread)]
        alone = torch.zeros(1, 1, 19, 40, dtype=torch.float64)
        alone[..., 20] = torch.from_numpy(row)
        sums = doubled(alone)[0, 0].sum(1)  # over a line that the filter spreads to a sum of 2
        np.testing.assert_allclose(sums.numpy(), 2 * expected, atol=1e-10)
    inner = (halved(y) * x).sum()
    torch.testing.assert_close(inner, (y[:, :, 6:-6, 6:-6] * doubled(x)).sum() / 4 + _beyond(x, y))


def _beyond(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """What halving reads of the 6 pixels beyond, which doubling does not write."""
    rim = y.clone()
    rim[:, :, 6:-6, 6:-6] = 0
    return (halved(rim) * x).sum()


def test_the_bands_add_up_to_the_picture():
    bank = np.asarray(BAND_FILTERS)
    middle = np.eye(1, bank.shape[1], bank.shape[1] // 2)[0]
    np.testing.assert_allclose(bank.sum(0), middle, atol=1e-11)
    np.testing.assert_allclose(bank, bank[:, ::-1], atol=1e-12)
    images = normal(2, 3, 6, 9)
    torch.testing.assert_close(filtered(images, torch.ones(2, 4).double()), images, rtol=0, atol=1e-10)


def test_a_grey_picture_is_all_in_the_lowest_band():
    images = torch.full((1, 1, 8, 8), 0.5, dtype=torch.float64)
    gains = torch.tensor([[3.0, 7.0, 7.0, 7.0]], dtype=torch.float64)
    torch.testing.assert_close(filtered(images, gains), 9 * images)  # by rows and by columns


@pytest.mark.parametrize("sides", [(8, 8), (5, 12), (33, 17)])
def test_resampling_in_place_gives_the_picture_back(sides):
    images, still = normal(2, 3, *sides), torch.eye(3, dtype=torch.float64).expand(2, 3, 3)
    torch.testing.assert_close(resampled(images, still), images, rtol=0, atol=1e-10)
    augment = Augment()
    same = augment.apply(images.float(), draw(augment, 2, (3, *sides)), number(0.0))
    torch.testing.assert_close(same, images.float(), rtol=0, atol=1e-4)


def test_whole_shifts_move_pixels_and_mirror_what_lies_beyond():
    images = normal(1, 2, 8, 9)
    moved = resampled(images, shifting(filled(1, -2.0), filled(1, 1.0)))
    expected = torch.nn.functional.pad(images, (2, 0, 0, 1), mode="reflect")[:, :, 1:, :9]
    torch.testing.assert_close(moved, expected, rtol=0, atol=1e-10)


def test_flips_and_turns_of_a_smooth_picture():
    picture = smooth(24, 24)
    inside = (slice(None), slice(None), slice(4, -4), slice(4, -4))
    flipped = resampled(picture, stretching(filled(1, -1.0), filled(1, 1.0)))
    torch.testing.assert_close(flipped[inside], picture.flip(3)[inside], rtol=0, atol=2e-2)
    turned = resampled(picture, turning(filled(1, -math.pi / 2)))
    torch.testing.assert_close(turned[inside], picture.rot90(-1, (2, 3))[inside], rtol=0, atol=2e-2)


def test_the_margin_of_a_batch_changes_no_picture(monkeypatch):
    """The mirrored rim is as wide as the farthest sample needs, or in a compiled step as wide as can be."""
    images = normal(3, 1, 12, 10)
    chances = Chances(uniform(3, UNIFORM).double(), normal(3, NORMAL), number(1.0).double())
    inverse = placement(chances, GROUPS, 12, 10)
    one = resampled(images, inverse)
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    torch.testing.assert_close(resampled(images, inverse), one, rtol=0, atol=1e-12)


def test_colours_luma_flip_hue_and_saturation_keep_what_they_should():
    colours, grey = normal(5, 3, 7), torch.ones(3, 1, dtype=torch.float64)
    flip = luma_flip(filled(1, 1.0), 3)
    torch.testing.assert_close(flip @ flip, torch.eye(3, dtype=torch.float64)[None])
    torch.testing.assert_close(flip[0] @ grey, -grey)
    turned = hue(filled(5, 1.2)) @ colours
    torch.testing.assert_close(turned.sum(1), colours.sum(1))
    torch.testing.assert_close(turned.square().sum(1), colours.square().sum(1))
    third = hue(filled(1, 2 * math.pi / 3))[0]
    torch.testing.assert_close(third, torch.eye(3, dtype=torch.float64).roll(1, 0))
    more = saturation(filled(1, 3.0), 3)[0]
    torch.testing.assert_close(more @ grey, grey)
    torch.testing.assert_close(more @ (colours[0] - colours[0].mean(0)), 3 * (colours[0] - colours[0].mean(0)))
    torch.testing.assert_close(contrast(filled(1, 2.0), 3)[0] @ colours[0], 2 * colours[0])


def chances(p: float, **columns: float) -> Chances:
    """Numbers of one image, all transformations left out but those with a coin of 0."""
    uniform, normal = torch.ones(1, UNIFORM, dtype=torch.float64), torch.zeros(1, NORMAL, dtype=torch.float64)
    for name, value in columns.items():
        (uniform if name[0] == "u" else normal)[0, int(name[1:])] = value
    return Chances(uniform, normal, torch.tensor(p, dtype=torch.float64))


@pytest.mark.parametrize("channels", [1, 3])
def test_brightness_shifts_the_mean_and_luma_flip_of_grey_is_the_negative(channels):
    images = normal(1, channels, 4, 4)
    brighter = tint(chances(0.5, u14=0.0, n4=1.5), channels).apply(images)
    torch.testing.assert_close(brighter, images + 0.3)
    flipped = tint(chances(0.5, u16=0.0, u17=0.9), channels).apply(images)
    torch.testing.assert_close(flipped.mean(1), -images.mean(1))
    scaled = tint(chances(0.5, u15=0.0, n5=2.0), channels).apply(images)
    torch.testing.assert_close(scaled, 2 * images)


@pytest.mark.parametrize(("p", "expected"), [(0.0, 0.0), (0.5, 1 - 0.5**0.5), (1.0, 1.0)])
def test_each_of_two_rotations_acts_with_1_minus_the_root_of_1_minus_p(p, expected):
    coins = uniform(20_000, UNIFORM).double()
    acts = Chances(coins, coins, torch.tensor(p, dtype=torch.float64)).half_coin(8)
    assert acts.double().mean().item() == pytest.approx(expected, abs=0.015)


def test_the_order_of_geometry_is_that_of_the_paper():
    """Output to input: the last transformation is undone first."""
    of = chances(0.5, u0=0.0, u1=0.9, u4=0.0, u5=1.0, u6=0.5, u7=0.0, n0=5.0, u13=0.0, n2=1.0, n3=0.0)
    got = placement(of, ("blit", "geometry"), 16, 16)[0]
    # flipped, shifted by 2 pixels, twice as large, shifted by 2 pixels
    flip, whole, half, shift = (
        torch.diag(torch.tensor([-1.0, 1.0, 1.0])), [[1.0, 0, -2], [0, 1, 0], [0, 0, 1]],
        torch.diag(torch.tensor([0.5, 0.5, 1.0])), [[1.0, 0, -2], [0, 1, 0], [0, 0, 1]],
    )  # fmt: skip
    expected = flip.double()
    for matrix in (whole, half, shift):
        expected = expected @ torch.as_tensor(matrix).double()
    torch.testing.assert_close(got, expected)


def test_a_changed_band_keeps_the_expected_power():
    gains = band_gains(chances(0.5, u22=0.0, n8=2.0))[0]
    power = torch.tensor([10, 1, 1, 1], dtype=torch.float64) / 13
    assert (power * gains.square()).sum().item() == pytest.approx(1.0)
    assert (gains[1] / gains[0]).item() == pytest.approx(4.0)


def test_cutout_clears_half_of_each_side_about_its_centre():
    augment, images = Augment(("cutout",)), torch.ones(1, 3, 8, 8)
    of = chances(0.5, u26=0.0, u27=0.5, u28=0.0)
    made = augment.apply(images, (of.uniform.float(), of.normal.float()), number(0.5))
    expected = torch.ones(8, 8)
    expected[:2, 2:6] = 0.0  # its upper half lies outside
    assert torch.equal(made[0, 1], expected)


def test_alpha_moves_with_the_picture_and_keeps_its_values():
    colour, whole = Augment(("color",)), normal(4, 4, 6, 6)
    made = colour.apply(whole, draw(colour, 4, (4, 6, 6)), number(1.0))
    assert torch.equal(made[:, 3], whole[:, 3]) and not torch.equal(made[:, :3], whole[:, :3])
    alike = normal(4, 1, 6, 6).expand(-1, 4, -1, -1)
    moved = Augment(("blit", "geometry"))
    made = moved.apply(alike, draw(moved, 4, (4, 6, 6)), number(1.0))
    torch.testing.assert_close(made[:, 3], made[:, 0])


def test_images_of_several_scales_are_changed_alike():
    augment = Augment(("blit",))
    fine = torch.zeros(1, 1, 8, 8)
    fine[..., 2:4, 2:4] = 1.0
    scales = Scales((torch.nn.functional.avg_pool2d(fine, 2), fine))
    of = chances(0.5, u4=0.0, u5=1.0, u6=0.5)  # one pixel of 8
    made = augment.apply(scales, (of.uniform.float(), of.normal.float()), number(0.5))
    torch.testing.assert_close(made.images[0], torch.nn.functional.avg_pool2d(made.images[1], 2), atol=1e-5, rtol=0)


def test_the_squared_gradient_of_a_linear_critic_is_scaled_by_the_square_of_the_contrast():
    weights, images = normal(1, 3, 8, 8), normal(1, 3, 8, 8).requires_grad_()
    of = chances(0.5, u15=0.0, n5=2.0)
    augment = Augment(("color",))
    score = (augment.apply(images, (of.uniform, of.normal), number(0.5)) * weights).sum()
    (gradient,) = torch.autograd.grad(score, images)
    assert (gradient.square().sum() / weights.square().sum()).item() == pytest.approx(4.0)


def test_the_controlled_probability_is_that_of_each_transformation_and_no_coin_is_drawn_for_the_whole():
    adaptive, images = Adaptive(Augment()), torch.randn(5, 3, 8, 8)
    assert adaptive.random_specs((3, 8, 8)) == Augment().random_specs((3, 8, 8))
    drawn, state = draw(adaptive, 5, (3, 8, 8)), (number(0.3), number(0.0), number(0.0))
    assert torch.equal(adaptive.apply(images, drawn, number(1.0), state), Augment().apply(images, drawn, number(0.3)))


def test_other_samples_and_unknown_groups_are_refused():
    with pytest.raises(UsageError, match=r"shape \[2\]"):
        Augment().random_specs((2,))
    for bad in ((), ("blit", "blit"), ("geom",)):
        with pytest.raises(UsageError, match=r"Augment\.groups"):
            Augment(bad)
