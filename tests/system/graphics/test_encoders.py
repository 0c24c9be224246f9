"""Encoders of terminal graphics, by decoders that were written apart from them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.typing import NDArray

from steadygan.system.graphics import blocks, iterm2, kitty, sixel
from tests.system.graphics import decoders

SHAPES = [(1, 1), (6, 7), (7, 5), (12, 30), (37, 64), (5, 300)]


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(height * 1000 + width).integers(0, 256, (height, width, 3), np.uint8)


def few_colours(height: int, width: int) -> NDArray[np.uint8]:
    """At most 200 colours, in runs of many lengths, with whole rows and columns of one colour."""
    rng = np.random.default_rng(height + width)
    palette = rng.integers(0, 256, (200, 3), np.uint8)
    indices = np.repeat(rng.integers(0, 200, (height, width)), rng.integers(1, 9, width), axis=1)[:, :width]
    indices[height // 2] = 3
    return palette[indices]


@pytest.mark.parametrize("shape", SHAPES)
def test_half_blocks_are_the_pixels_in_24_bits(shape: tuple[int, int]) -> None:
    pixels = noise(*shape)
    drawn = decoders.blocks(blocks.lines(pixels, exact=True))
    assert (drawn[: shape[0]] == pixels).all()
    assert (drawn[shape[0] :] == 128).all()  # below an odd last row the terminal's own colour shows


@pytest.mark.parametrize("shape", SHAPES)
def test_half_blocks_in_256_colours_are_the_nearest_of_the_palette(shape: tuple[int, int]) -> None:
    pixels = noise(*shape)
    drawn = decoders.blocks(blocks.lines(pixels, exact=False))[: shape[0]]
    palette = np.array([decoders.xterm_colour(index) for index in range(16, 256)])
    errors = ((palette[None, None].astype(int) - pixels[:, :, None].astype(int)) ** 2).sum(-1)
    assert (((drawn.astype(int) - pixels.astype(int)) ** 2).sum(-1) == errors.min(-1)).all()


def test_equal_pixels_repeat_no_colour() -> None:
    line = blocks.lines(np.full((2, 50, 3), 9, np.uint8), exact=True)[0]
    assert line == f"\x1b[38;2;9;9;9;48;2;9;9;9m{blocks.HALF * 50}\x1b[0m"


@pytest.mark.parametrize("shape", [*SHAPES, (150, 200)])
def test_kitty_carries_the_pixels_in_pieces(shape: tuple[int, int]) -> None:
    pixels = noise(*shape)
    keys, drawn = decoders.kitty(kitty.shown(pixels, 30, 77))
    assert (drawn == pixels).all()
    # transmit and display a PNG; the cursor stays, no answers
    wanted = {"a": "T", "f": "100", "i": "77", "c": "30", "C": "1", "q": "2"}
    assert wanted.items() <= keys.items()


def test_kitty_deletes_picture_and_memory() -> None:
    assert kitty.removed(77) == "\x1b_Ga=d,d=I,i=77,q=2;\x1b\\"


@pytest.mark.parametrize("shape", SHAPES)
def test_iterm2_carries_the_pixels(shape: tuple[int, int]) -> None:
    pixels = noise(*shape)
    keys, drawn = decoders.iterm2(iterm2.shown(pixels, 30, 12))
    assert (drawn == pixels).all()
    assert {"inline": "1", "width": "30", "height": "12"}.items() <= keys.items()


@pytest.mark.parametrize("shape", SHAPES)
def test_sixel_draws_each_pixel_of_a_palette(shape: tuple[int, int]) -> None:
    pixels = few_colours(*shape)
    drawn = decoders.sixel(sixel.shown(pixels))
    assert np.abs(drawn.astype(int) - pixels).max() <= 2  # per cent are rounded


@pytest.mark.parametrize("shape", SHAPES)
def test_sixel_of_many_colours_is_near(shape: tuple[int, int]) -> None:
    pixels = noise(*shape)
    drawn = decoders.sixel(sixel.shown(pixels))
    assert not (drawn == (255, 0, 255)).all(-1).any()
    assert np.abs(drawn.astype(int) - pixels).mean() < 25  # noise of 2^24 colours in 256


def test_sixel_shortens_runs() -> None:
    assert len(sixel.shown(np.full((60, 500, 3), 200, np.uint8))) < 150


@pytest.mark.parametrize("shape", SHAPES)
def test_only_the_sequences_of_the_protocol_are_written(shape: tuple[int, int]) -> None:
    """Whatever the pixels are, no control character stands but where the protocol has it."""
    pixels = noise(*shape)
    forms = {
        kitty.shown(pixels, 3, 1): r"(\x1b_G[a-zA-Z0-9=,]+;[A-Za-z0-9+/=]*\x1b\\)+",
        iterm2.shown(pixels, 3, 2): r"\x1b\]1337;[A-Za-z0-9=;]+:[A-Za-z0-9+/=]+\x07",
        sixel.shown(pixels): r'\x1bP[0-9;]+q"[!-~]+\x1b\\',
        blocks.lines(pixels, exact=True)[0]: "(\x1b\\[[0-9;]+m|\u2580)+",
    }
    for text, form in forms.items():
        assert re.fullmatch(form, text)
