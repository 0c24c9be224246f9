"""Agreement of scales: what is exact, what is off by a known amount, and what has nothing in common."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.errors import UsageError
from steadygan.metrics.scales import means, scale_agreement

RNG = np.random.default_rng(0)
FINE = RNG.integers(40, 200, (300, 3, 16, 16), dtype=np.uint8)


def pyramid(fine=FINE, sides=(4, 8)):
    return [*(means(fine, side).round().astype(np.uint8) for side in sides), fine]


def test_means_are_those_of_a_loop():
    got = means(FINE[:2], 4)
    for n, c, y, x in np.ndindex(2, 3, 4, 4):
        block = FINE[n, c, 4 * y : 4 * y + 4, 4 * x : 4 * x + 4]
        assert got[n, c, y, x] == pytest.approx(block.astype(float).mean(), abs=1e-12)


def test_a_pyramid_agrees_with_itself_up_to_the_rounding_of_levels():
    found = scale_agreement(pyramid())
    assert list(found) == [4, 8]
    for each in found.values():
        assert 0.2 < each.difference.value < 0.3
        assert each.correlation > 0.99


def test_without_rounding_it_agrees_wholly():
    blocks = RNG.integers(0, 256, (50, 1, 4, 4), dtype=np.uint8).repeat(4, 2).repeat(4, 3)
    (found,) = scale_agreement([blocks[:, :, ::4, ::4], blocks]).values()
    assert found.difference == (0.0, 0.0)
    assert found.correlation == pytest.approx(1.0)


def test_a_brighter_scale_differs_by_that_much_and_is_correlated_all_the_same():
    coarse, middle, fine = pyramid()
    found = scale_agreement([coarse + np.uint8(20), middle, fine])
    assert found[4].difference.value == pytest.approx(20, abs=0.1)
    assert found[4].correlation > 0.99
    assert found[8].difference.value < 0.3


def test_scales_of_other_samples_are_not_correlated_and_the_difference_has_an_error():
    coarse, _, fine = pyramid()
    (found,) = scale_agreement([coarse[::-1], fine]).values()
    assert abs(found.correlation) < 0.2
    assert found.difference.value > 5
    differences = np.abs(coarse[::-1] - means(fine, 4)).mean(axis=(1, 2, 3))
    assert found.difference.error == pytest.approx(differences.std(ddof=1) / 300**0.5)


def test_correlation_is_the_mean_over_channels_and_nothing_where_a_channel_never_changes():
    coarse, _, fine = (part.copy() for part in pyramid())
    coarse[:, 0] = 7
    (found,) = scale_agreement([coarse, fine]).values()
    assert found.correlation == pytest.approx(2 / 3, abs=0.01)


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ([FINE], "got 1 scales"),
        ([FINE[:1, :, :4, :4], FINE[:1]], "2 samples or more"),
        ([FINE[:9, :, :4, :4], FINE], "not of the same samples"),
        ([FINE[:, :, :5, :5], FINE], "no means of 5 px"),
        ([FINE[:, :, :4, :4] / 255.0, FINE], "uint8"),
    ],
)
def test_what_cannot_be_compared_is_refused(scales, message):
    with pytest.raises(UsageError, match=message):
        scale_agreement(scales)
