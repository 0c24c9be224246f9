"""DiffAugment against loops in numpy, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from steadygan.errors import UsageError
from steadygan.perturbations import DiffAugment, change_color, cut_out, translate
from steadygan.perturbations.diffaugment import ALL, NUMBERS
from steadygan.schedules import Constant, Cosine
from tests.perturbations.common import draw, normal, number, uniform


def loop_color(image, brightness, saturation, contrast):
    """One image [C, H, W], by the definitions."""
    channels, height, width = image.shape
    image = image + brightness - 0.5
    changed = np.empty_like(image)
    for y in range(height):
        for x in range(width):
            gray = sum(image[c, y, x] for c in range(channels)) / channels
            for c in range(channels):
                changed[c, y, x] = gray + 2 * saturation * (image[c, y, x] - gray)
    mean = sum(changed.ravel()) / changed.size
    return mean + (contrast + 0.5) * (changed - mean)


def rolled(image, down, right):
    """One image [C, H, W], moved; what comes in at the other side is made 0."""
    moved = np.roll(image, (down, right), (1, 2))
    if down:
        moved[:, slice(0, down) if down > 0 else slice(down, None)] = 0
    if right:
        moved[:, :, slice(0, right) if right > 0 else slice(right, None)] = 0
    return moved


def whole(numbers, count):
    return [int(np.floor(float(u) * count)) for u in numbers]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_color_equals_a_loop_over_pixels(channels):
    images, numbers = normal(6, channels, 5, 4), uniform(6, 3)
    got = change_color(images, numbers)
    colours = channels - (channels in (2, 4))
    for image, row, mine in zip(images.numpy(), numbers.double().numpy(), got.numpy(), strict=True):
        np.testing.assert_allclose(mine[:colours], loop_color(image[:colours], *row), rtol=1e-12, atol=1e-12)
        assert (mine[colours:] == image[colours:]).all()


@pytest.mark.parametrize("channels", [2, 4])
def test_translation_and_cutout_move_alpha_with_its_colours(channels):
    colours, numbers = normal(8, channels - 1, 16, 16), uniform(8, 2)
    alpha = normal(8, 1, 16, 16)
    for function in (translate, cut_out):
        both = function(torch.cat([colours, alpha], 1), numbers)
        assert torch.equal(both[:, :-1], function(colours, numbers))
        assert torch.equal(both[:, -1:], function(alpha, numbers))


def test_color_in_the_middle_of_its_ranges_changes_nothing():
    images = normal(3, 3, 5, 4)
    torch.testing.assert_close(change_color(images, torch.full((3, 3), 0.5)), images)


def test_no_saturation_makes_all_channels_equal_and_one_channel_has_none_to_lose():
    colourless = torch.tensor([[0.5, 0.0, 0.5]])
    gray = change_color(normal(1, 3, 4, 4), colourless)
    torch.testing.assert_close(gray, gray[:, :1].expand(-1, 3, -1, -1))
    image = normal(1, 1, 4, 4)
    torch.testing.assert_close(change_color(image, colourless), image)


def test_brightness_moves_the_mean_and_contrast_scales_the_deviation():
    images, numbers = normal(8, 1, 6, 6), uniform(8, 3)
    got = change_color(images, numbers)
    brightness, _, contrast = numbers.double().unbind(1)
    torch.testing.assert_close(got.mean((1, 2, 3)), images.mean((1, 2, 3)) + brightness - 0.5)
    torch.testing.assert_close(got.std((1, 2, 3)), images.std((1, 2, 3)) * (contrast + 0.5))


@pytest.mark.parametrize("size", [(8, 8), (32, 32), (20, 9), (5, 3)])
def test_translation_equals_numpys_roll_with_zeros(size):
    height, width = size
    reach = [int(side / 8 + 0.5) for side in size]
    images, numbers = normal(200, 2, height, width), uniform(200, 2)
    got = translate(images, numbers).numpy()
    down, right = (whole(numbers[:, i], 2 * reach[i] + 1) for i in (0, 1))
    for image, mine, dy, dx in zip(images.numpy(), got, down, right, strict=True):
        np.testing.assert_array_equal(mine, rolled(image, dy - reach[0], dx - reach[1]))


def test_translations_up_to_an_eighth_of_the_side_are_equally_likely():
    spot = torch.zeros(9000, 1, 32, 32)
    spot[:, :, 16, 16] = 1.0
    rows, columns = translate(spot, uniform(9000, 2, seed=1))[:, 0].nonzero()[:, 1:].unbind(1)
    for positions in (rows, columns):
        counts = torch.bincount(positions - 12, minlength=9)
        assert len(counts) == 9  # -4 to 4
        assert (counts - 1000).abs().max() < 5 * 1000**0.5


def test_the_largest_and_the_smallest_numbers_stay_within_an_eighth():
    image = torch.zeros(2, 1, 16, 16)
    image[:, :, 8, 8] = 1.0
    largest = torch.nextafter(torch.tensor(1.0), torch.tensor(0.0))
    moved = translate(image, torch.stack([torch.zeros(2), largest.expand(2)]))
    assert moved[:, 0].nonzero()[:, 1:].tolist() == [[6, 6], [10, 10]]


@pytest.mark.parametrize("size", [(8, 8), (9, 7), (28, 28), (1, 1)])
def test_cutout_equals_a_loop_over_pixels(size):
    cut = [int(side / 2 + 0.5) for side in size]
    images, numbers = normal(100, 2, *size), uniform(100, 2)
    got = cut_out(images, numbers).numpy()
    middles = zip(*(whole(numbers[:, i], size[i] + 1 - cut[i] % 2) for i in (0, 1)), strict=True)
    for image, mine, (row, column) in zip(images.numpy(), got, middles, strict=True):
        expected = image.copy()
        for y in range(row - cut[0] // 2, row - cut[0] // 2 + cut[0]):
            for x in range(column - cut[1] // 2, column - cut[1] // 2 + cut[1]):
                if 0 <= y < size[0] and 0 <= x < size[1]:
                    expected[:, y, x] = 0
        np.testing.assert_array_equal(mine, expected)


def test_cutout_takes_a_quarter_of_the_area_where_it_lies_inside_and_between_a_sixteenth_and_a_quarter_else():
    areas = (cut_out(torch.ones(2000, 1, 32, 32), uniform(2000, 2)) == 0).sum((1, 2, 3))
    assert areas.max() == 16 * 16
    assert areas.min() >= 8 * 8
    numbers = torch.tensor([[0.5, 0.5], [0.0, 0.0]])
    middle, corner = cut_out(torch.ones(2, 1, 32, 32), numbers)
    assert (middle == 0).sum() == 256 and (corner == 0).sum() == 64
    assert (middle[0, 8:24, 8:24] == 0).all() and (corner[0, :8, :8] == 0).all()


def test_what_is_cut_out_or_moved_out_gets_no_gradient_and_the_rest_all_of_it():
    images = normal(20, 3, 16, 16).requires_grad_(True)
    for function in (translate, cut_out):
        changed = function(images, uniform(20, 2))
        (gradient,) = torch.autograd.grad(changed.sum(), images)
        assert set(gradient.unique().tolist()) == {0.0, 1.0}
        assert gradient.sum() == (changed != 0).sum()


def test_the_policy_is_applied_in_its_order_with_the_same_numbers_for_each_part():
    images = normal(6, 3, 8, 8)
    (numbers,) = drawn = draw(DiffAugment(), 6, (3, 8, 8))
    steps = {
        "color": lambda x: change_color(x, numbers[:, 1:4]),
        "translation": lambda x: translate(x, numbers[:, 5:7]),
        "cutout": lambda x: cut_out(x, numbers[:, 8:10]),
    }
    for policy in (ALL, ("cutout", "color"), ("translation",)):
        expected = images
        for name in policy:
            expected = steps[name](expected)
        assert torch.equal(DiffAugment(policy).apply(images, drawn, number(1.0)), expected)


def test_at_probability_zero_images_stay_as_they_are_to_the_last_digit():
    images = torch.randn(6, 3, 8, 8)
    assert torch.equal(DiffAugment().apply(images, draw(DiffAugment(), 6, (3, 8, 8)), number(0.0)), images)


@pytest.mark.parametrize("probability", [0.1, 0.55])
def test_each_transformation_acts_on_its_own_on_the_asked_share_of_images(probability):
    count = 4000
    drawn = draw(DiffAugment(), count, (1, 16, 16))
    images = torch.rand(count, 1, 16, 16) + 1.0
    acted = {}
    for name in ALL:
        changed = DiffAugment((name,)).apply(images, drawn, number(probability)) != images
        acted[name] = changed.flatten(1).any(1).double()
    moves = 24 / 25  # of 5 x 5 translations one is by nothing
    error = 4 * (0.25 / count) ** 0.5
    assert acted["color"].mean() == pytest.approx(probability, abs=error)
    assert acted["cutout"].mean() == pytest.approx(probability, abs=error)
    assert acted["translation"].mean() == pytest.approx(probability * moves, abs=error)
    assert (acted["color"] * acted["cutout"]).mean() == pytest.approx(probability**2, abs=error)


def test_the_probability_follows_its_schedule():
    spec = DiffAugment(probability=Cosine(rounds=100, start=0.0, end=0.55))
    assert [spec.strength(round_) for round_ in (0, 50, 100)] == pytest.approx([0.0, 0.275, 0.55])


def test_one_flat_vector_of_numbers_is_drawn_for_each_image_whatever_the_policy():
    for policy in (ALL, ("cutout",)):
        (noise,) = DiffAugment(policy).random_specs((3, 32, 32))
        assert (noise.distribution, noise.shape) == ("uniform", (NUMBERS,))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"policy": ("colour",)},
            r"policy\[0\] is 'colour'; allowed: color, tra.*did you mean 'color'",
        ),
        ({"policy": ()}, r"policy is \[\]; allowed: one or more of color"),
        ({"policy": ("color", "color")}, r"policy is \['color', 'color'\]; allowed: .* each once"),
        ({"probability": Constant(1.5)}, r"probability at its start is 1\.5; allowed: numbers from 0 to 1"),
        (
            {"probability": Cosine(start=0.0, end=-1.0)},
            r"probability at its end is -1\.0; allowed: numbers from 0",
        ),
    ],
)
def test_wrong_values_are_refused_in_one_line_with_the_allowed_ones(fields, message):
    with pytest.raises(UsageError, match=f"DiffAugment.{message}") as error:
        DiffAugment(**fields)
    assert "\n" not in str(error.value)


def test_points_are_refused_with_the_remedy():
    with pytest.raises(UsageError, match=r"perturbs images, but a sample has shape \[2\]: use InstanceNoise"):
        DiffAugment().random_specs((2,))
