"""Random numbers as a function of (seed, round, stream, position)."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.rng import NORMAL_CHUNK, Stream, normal_from, stream_generator, uniform_from


@pytest.mark.parametrize("stream", list(Stream))
def test_each_stream_has_a_number_of_its_own(stream):
    assert list(Stream).count(stream) == 1
    assert stream < Stream.PENALTIES or stream == Stream.PENALTIES


@pytest.mark.parametrize("first", [0, 1, 7, 8, 9, 3071, 3072, 100_003])
def test_uniform_numbers_can_begin_in_the_middle_of_a_stream(first):
    whole = stream_generator(5, Stream.REPRESENTATION, 3).random(first + 20, dtype=np.float32)
    assert np.array_equal(uniform_from(5, Stream.REPRESENTATION, 3, first, 20), whole[first:])


@pytest.mark.parametrize(
    "first", [0, 1, 9, 3071, NORMAL_CHUNK - 7, NORMAL_CHUNK, NORMAL_CHUNK + 1, 3 * NORMAL_CHUNK - 1]
)
def test_normal_numbers_can_begin_in_the_middle_of_a_stream(first):
    whole = normal_from(5, Stream.LATENTS, 3, 0, first + NORMAL_CHUNK + 20)
    assert np.array_equal(normal_from(5, Stream.LATENTS, 3, first, 20), whole[first : first + 20])
    assert np.array_equal(normal_from(5, Stream.LATENTS, 3, first, NORMAL_CHUNK + 20), whole[first:])


def test_the_first_normal_numbers_are_numpys_and_no_stretch_or_part_is_like_another():
    drawn = normal_from(5, Stream.LATENTS, 3, 0, 3 * NORMAL_CHUNK)
    first = stream_generator(5, Stream.LATENTS, 3).standard_normal(NORMAL_CHUNK, dtype=np.float32)
    assert np.array_equal(drawn[:NORMAL_CHUNK], first)
    stretches = [*drawn.reshape(3, NORMAL_CHUNK), normal_from(5, Stream.LATENTS, 3, 0, NORMAL_CHUNK, substream=1)]
    alike = np.corrcoef(stretches) - np.eye(4)
    assert np.abs(alike).max() < 4 / NORMAL_CHUNK**0.5
    assert abs(drawn.mean()) < 4 / drawn.size**0.5
    assert abs(drawn.std() - 1) < 4 / (2 * drawn.size) ** 0.5


@pytest.mark.parametrize("first", [0, 5, NORMAL_CHUNK])
def test_no_numbers_are_drawn_where_none_are_asked_for(first):
    for draw in (normal_from, uniform_from):
        assert draw(5, Stream.LATENTS, 3, first, 0).shape == (0,)
