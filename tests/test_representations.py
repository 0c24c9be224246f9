"""Representations: pixels to numbers and back without losing a level."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from steadygan.errors import UsageError
from steadygan.representations import OneHot, Plain, Pyramid, with_colour_over_white
from steadygan.types import RandomSpec, SampleSpec

IMAGE = SampleSpec((1, 16, 16))
POINT = SampleSpec((2,))


def all_levels() -> torch.Tensor:
    return torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 1.0), (-0.5, 0.5), (0.1, 0.9)])
def test_every_pixel_level_survives_encoding_and_decoding(low: float, high: float) -> None:
    plain = Plain(low=low, high=high)
    assert torch.equal(plain.decode(plain.encode(all_levels())), all_levels())


def test_pixels_are_two_times_x_over_255_minus_one() -> None:
    expected = 2 * (all_levels().numpy().astype(np.float64) / 255 - 0.5)
    got = Plain().encode(all_levels())
    assert got.dtype == torch.float32
    np.testing.assert_allclose(got.numpy(), expected, atol=2e-7)
    assert got.min().item() == pytest.approx(-1, abs=1e-7) and got.max().item() == pytest.approx(1, abs=1e-6)


def test_the_range_is_a_choice() -> None:
    np.testing.assert_allclose(Plain(low=0.0).encode(all_levels()).numpy().ravel(), np.arange(256) / 255.0, atol=1e-7)


def test_the_papers_dequantisation_is_the_formula_of_its_code() -> None:
    noise = torch.rand(1, 1, 16, 16)
    got = Plain(dequantise="paper").encode(all_levels(), noise)
    x, u = all_levels().numpy().astype(np.float64), noise.numpy().astype(np.float64)
    np.testing.assert_allclose(got.numpy(), 2 * (x / 256 - 0.5) + u / 128, atol=2e-7)
    assert got.min() >= -1 and got.max() <= 1


@pytest.mark.parametrize("u", [0.0, 0.25, 0.5, 0.999])
def test_every_pixel_level_survives_the_papers_dequantisation_whatever_the_noise(u: float) -> None:
    plain = Plain(dequantise="paper")
    encoded = plain.encode(all_levels(), torch.full((1, 1, 16, 16), u))
    assert torch.equal(plain.decode(encoded), all_levels())


def test_dequantised_samples_without_noise_keep_their_levels_too() -> None:
    plain = Plain(dequantise="paper")
    assert torch.equal(plain.decode(plain.encode(all_levels())), all_levels())


def test_dequantised_pixels_fill_the_range_evenly() -> None:
    levels = torch.randint(0, 256, (64, 1, 16, 16), dtype=torch.uint8)
    values = Plain(dequantise="paper").encode(levels, torch.rand(64, 1, 16, 16)).flatten().sort().values
    expected = 2 * (torch.arange(len(values)) + 0.5) / len(values) - 1
    assert (values - expected).abs().max() < 2 * 1.63 / len(values) ** 0.5  # Kolmogorov and Smirnov, 1%


def test_noise_is_asked_for_where_it_is_used() -> None:
    assert Plain(dequantise="paper").random_spec(IMAGE) == RandomSpec("uniform", (1, 16, 16))
    assert Plain().random_spec(IMAGE) is None
    assert Plain(dequantise="paper").random_spec(POINT) is None


@pytest.mark.parametrize("dequantise", ["none", "paper"])
def test_numbers_outside_the_range_become_black_or_white(dequantise: str) -> None:
    samples = torch.tensor([-7.0, -1.001, 1.001, 7.0]).reshape(1, 1, 2, 2)
    decoded = Plain(dequantise=dequantise).decode(samples)  # type: ignore[arg-type]
    assert decoded.dtype == torch.uint8 and decoded.flatten().tolist() == [0, 0, 255, 255]


def test_decoding_rounds_to_the_nearest_level() -> None:
    between = torch.tensor([99.4, 99.6, 100.4, 254.6]).reshape(1, 1, 2, 2) / 255 * 2 - 1
    assert Plain().decode(between).flatten().tolist() == [99, 100, 100, 255]


def test_half_precision_images_decode_as_their_float32_values() -> None:
    samples = torch.rand(2, 3, 4, 4).bfloat16()
    assert torch.equal(Plain().decode(samples), Plain().decode(samples.float()))


@pytest.mark.parametrize("dequantise", ["none", "paper"])
def test_points_pass_unchanged(dequantise: str) -> None:
    points = torch.randn(5, 2)
    plain = Plain(dequantise=dequantise)  # type: ignore[arg-type]
    assert torch.equal(plain.encode(points), points)
    assert torch.equal(plain.decode(points), points)


@pytest.mark.parametrize("dequantise", ["none", "paper"])
def test_what_went_in_is_not_changed(dequantise: str) -> None:
    plain = Plain(dequantise=dequantise)  # type: ignore[arg-type]
    levels, noise = all_levels(), torch.rand(1, 1, 16, 16)
    encoded = plain.encode(levels, noise if dequantise == "paper" else None)
    kept = encoded.clone(), noise.clone()
    plain.encode(levels, noise if dequantise == "paper" else None)
    plain.decode(encoded)
    assert torch.equal(levels, all_levels()) and torch.equal(encoded, kept[0]) and torch.equal(noise, kept[1])


def test_the_layout_of_images_is_kept() -> None:
    images = torch.randint(0, 256, (2, 3, 8, 8), dtype=torch.uint8).to(memory_format=torch.channels_last)
    assert Plain().encode(images).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(("low", "high"), [(1.0, -1.0), (0.5, 0.5), (float("nan"), 1.0), (float("-inf"), 1.0)])
def test_a_range_without_width_is_refused(low: float, high: float) -> None:
    with pytest.raises(UsageError, match=r"Plain\.(low|high) is"):
        Plain(low=low, high=high)


def test_an_unknown_dequantisation_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'papr'; allowed: none, paper"):
        Plain(dequantise="papr")  # type: ignore[arg-type]


TEXT = SampleSpec((5, 3))


def ids(characters: int, dtype: torch.dtype) -> torch.Tensor:
    return torch.randint(0, characters, (7, 3), generator=torch.Generator().manual_seed(0)).to(dtype)


@pytest.mark.parametrize(("characters", "dtype"), [(5, torch.uint8), (256, torch.uint8), (300, torch.int16)])
def test_one_hot_text_is_1_at_the_character_of_each_position(characters: int, dtype: torch.dtype) -> None:
    stored = ids(characters, dtype)
    got = OneHot(characters).encode(stored)
    expected = np.zeros((7, characters, 3), np.float32)
    for line in range(7):
        for place in range(3):
            expected[line, int(stored[line, place]), place] = 1
    assert got.dtype == torch.float32
    np.testing.assert_array_equal(got.numpy(), expected)


@pytest.mark.parametrize(("characters", "dtype"), [(5, torch.uint8), (256, torch.uint8), (300, torch.int16)])
def test_text_survives_encoding_and_decoding(characters: int, dtype: torch.dtype) -> None:
    one_hot = OneHot(characters)
    decoded = one_hot.decode(one_hot.encode(ids(characters, dtype)))
    assert decoded.dtype == dtype
    assert torch.equal(decoded, ids(characters, dtype))


def test_generated_text_is_the_likeliest_character_of_each_position() -> None:
    chances = torch.tensor([[[0.2, 0.5], [0.7, 0.1], [0.1, 0.4]]])  # three characters, two places
    assert OneHot(3).decode(chances).tolist() == [[1, 0]]


def test_one_hot_takes_its_alphabet_from_the_text() -> None:
    assert OneHot().fitted(TEXT) == OneHot(5).fitted(TEXT) == OneHot(5)
    assert Plain().fitted(IMAGE) == Plain().fitted(POINT) == Plain()
    assert OneHot().random_spec(TEXT) is None


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: OneHot(1), r"OneHot.characters is 1; allowed: whole numbers from 2, or null"),
        (lambda: OneHot(4).fitted(TEXT), r"OneHot.characters is 4, but a sample is text of 3 characters \(5 different"),
        (lambda: OneHot().fitted(IMAGE), r"OneHot is for text, .* but a sample is 1x16x16"),
        (lambda: OneHot().encode(ids(5, torch.uint8)), r"OneHot.characters is null"),
        (lambda: Plain().fitted(TEXT), r"Plain is for pictures and points, .* recipes for text are text and text-gan"),
    ],
)
def test_representations_refuse_what_is_not_theirs(act, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        act()


def test_points_pictures_and_text_are_told_apart_by_their_dimensions() -> None:
    kinds = [(spec.is_points, spec.is_text, spec.is_image) for spec in (POINT, TEXT, IMAGE)]
    assert kinds == [(True, False, False), (False, True, False), (False, False, True)]
    assert str(TEXT) == "text of 3 characters (5 different ones)"


def with_alpha(channels: int) -> torch.Tensor:
    """Every level under every alpha [1, C, 256, 256]; white where alpha is 0."""
    alpha, levels = torch.meshgrid(torch.arange(256), torch.arange(256), indexing="ij")
    levels = torch.where(alpha == 0, 255, levels)
    return torch.stack([*[levels] * (channels - 1), alpha])[None].to(torch.uint8)


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 1.0), (0.1, 0.9)])
def test_colours_over_white_equal_float64_and_come_back(channels: int, low: float, high: float) -> None:
    stored, plain = with_alpha(channels), Plain(low, high, colour="over_white")
    encoded = plain.encode(stored)
    share = stored[:, -1:].double() / 255
    shown = stored[:, :-1].double() / 255 * share + (1 - share)
    torch.testing.assert_close(encoded[:, :-1].double(), low + (high - low) * shown, rtol=0, atol=3e-7)
    torch.testing.assert_close(encoded[:, -1:].double(), low + (high - low) * share, rtol=0, atol=3e-7)
    decoded = plain.decode(encoded)
    assert decoded.dtype == torch.uint8 and torch.equal(decoded[:, -1], stored[:, -1])
    far = (decoded[:, :-1].int() - stored[:, :-1].int()).abs()
    assert int((far * (stored[:, -1:] > 8)).max()) == 0  # below, float32 has no more digits
    assert int(far.max()) <= 1


def test_what_no_picture_has_over_white_is_brought_to_the_nearest_that_has() -> None:
    made = torch.tensor([-1.0, 1.0, 0.0, -1.0])[None, :, None, None]  # transparent, and yet not white
    plain = Plain(colour="over_white")
    assert plain.decode(made).flatten().tolist() == [255, 255, 255, 0]
    half = torch.tensor([-1.0, 1.0, 0.0, 0.0])[None, :, None, None]  # half transparent: black shows grey at the darkest
    assert plain.decode(half).flatten().tolist() == [0, 255, 1, 128]


@pytest.mark.parametrize("channels", [1, 3])
def test_opaque_pictures_and_stored_colours_are_encoded_as_ever(channels: int) -> None:
    stored = torch.randint(0, 256, (2, channels, 4, 4), dtype=torch.uint8)
    assert torch.equal(Plain(colour="over_white").encode(stored), Plain().encode(stored))
    assert torch.equal(Plain().encode(with_alpha(4))[:, :3], Plain().encode(with_alpha(4)[:, :3]))


def test_coarser_scales_are_means_of_what_is_seen() -> None:
    stored = torch.randint(0, 256, (2, 4, 8, 8), dtype=torch.uint8)
    pyramid = with_colour_over_white(Pyramid())
    coarse = pyramid.encode(stored).images[0].double()
    share = stored[:, 3:].double() / 255
    shown = stored[:, :3].double() / 255 * share + 1 - share
    expected = shown.reshape(2, 3, 4, 2, 4, 2).mean((3, 5)) * 2 - 1
    torch.testing.assert_close(coarse[:, :3], expected, rtol=0, atol=1e-6)
    assert with_colour_over_white(OneHot()) == OneHot()
