"""Colour agreement: exact pyramids, a shift of one scale, and scales of other samples."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d

from steadygan.diagnostics.signals import colour_agreement
from steadygan.errors import UsageError
from steadygan.types import Scales

FINE = (
    torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    - 0.5
    + torch.linspace(-0.3, 0.3, 6)[:, None, None, None]
)
PYRAMID = [avg_pool2d(FINE, 4), avg_pool2d(FINE, 2), FINE]


def test_means_of_the_finest_image_agree() -> None:
    result = colour_agreement(Scales(tuple(PYRAMID)))
    assert result.difference < 1 / 255 and result.correlation > 0.999


@pytest.mark.parametrize("scale", [0, 1])
def test_a_shift_of_one_scale_is_its_difference(scale: int) -> None:
    shifted = list(PYRAMID)
    shifted[scale] = shifted[scale] + 0.2  # of a range of 2
    result = colour_agreement(shifted)
    assert result.difference == pytest.approx(0.1, abs=1 / 255)
    assert result.difference_side == (2, 4)[scale]
    assert result.correlation > 0.999


def test_colours_turned_into_their_opposite_have_correlation_minus_one() -> None:
    result = colour_agreement([-PYRAMID[0], *PYRAMID[1:]])
    assert result.correlation == pytest.approx(-1, abs=1e-3) and result.correlation_side == 2


def test_numbers_from_0_to_1_and_uint8_give_the_same() -> None:
    levels = [torch.round((image + 1) * 127.5).to(torch.uint8) for image in PYRAMID]
    expected = colour_agreement(levels)
    assert colour_agreement([level.double() / 255 for level in levels], low=0) == pytest.approx(expected)
    assert colour_agreement([level.double() / 127.5 - 1 for level in levels]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("scales", "said"),
    [
        ([FINE], "2 scales or more"),
        ([FINE[..., :3, :3], FINE], "no means of 3 px"),
        ([PYRAMID[0][:3], FINE], "not of the same samples"),
        ([PYRAMID[0] * np.nan, FINE], "scale 1 must be finite"),
    ],
)
def test_bad_input_is_one_clear_line(scales: list[torch.Tensor], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        colour_agreement(scales)
