"""The value range of samples that are there already."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.data.range import Rows, converter
from steadygan.evaluation.given_samples import evaluate_samples
from steadygan.evaluation.sample_range import range_of_samples

BRIGHT = np.random.default_rng(0).integers(0, 256, (60, 1, 8, 8))


@pytest.mark.parametrize(
    ("numbers", "real", "wanted"),
    [
        ((BRIGHT // 10).astype(np.uint8), (0, 255), (0, 255)),  # dark pictures stay dark
        (BRIGHT // 10, (0, 255), (0, 255)),
        (BRIGHT // 30 / 255, (0, 255), (0, 1)),
        (BRIGHT / 255, (0, 255), (0, 1)),
        (BRIGHT / 127.5 - 1, (0, 255), (-1, 1)),
        (BRIGHT > 99, (0, 255), (0, 1)),
        ((BRIGHT > 99).astype(np.uint8), (0, 1), (0, 1)),
        (BRIGHT * 4, (0, 4095), (0, 4095)),  # 10 bits of 12
        (BRIGHT * 257, (0, 255), (0, 65535)),
        (BRIGHT * 3.0 - 900, (-1000, 3000), (-1000, 3000)),
        (BRIGHT * 3 - 900, (-1000, 3000), (-1000, 3000)),
    ],
)
def test_the_range_is_that_of_the_real_data_where_the_numbers_do_not_tell(numbers, real, wanted):
    found = converter([Rows.of(numbers, "samples")])[1]
    assert range_of_samples(found, real) == wanted


@pytest.fixture(scope="module")
def distance():
    """The Fréchet distance of samples to the bright pictures."""

    def measured(samples):
        [evaluation] = evaluate_samples(samples, BRIGHT.astype(np.uint8), metrics=["frechet"], features="pixels")
        return evaluation.numbers[0].value

    measured(BRIGHT)  # loads torch
    return measured


def test_dark_samples_are_measured_as_dark_in_any_number_type(distance):
    dark = (BRIGHT // 10).astype(np.uint8)
    assert distance(dark) == distance(dark / 255) > 10 * distance(BRIGHT)
