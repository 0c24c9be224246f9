"""Classes of samples and the variety within them, against sets made by hand and plain float64 loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from steadygan.data.sources.digits import load_digits
from steadygan.errors import UsageError
from steadygan.metrics import pyramids
from steadygan.metrics.labels import (
    class_accuracy,
    class_histogram,
    histogram_distance,
    smallest_class,
    within_class_variance,
    within_class_variance_ratio,
)


def class_means(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    means = np.stack([images[labels == label].mean(axis=0) for label in range(10)])
    return np.rint(means[labels]).astype(np.uint8)


def test_accuracy_is_the_share_of_right_classes_with_its_binomial_error() -> None:
    found = class_accuracy([0, 1, 2, 3], [0, 1, 2, 0])
    assert found.value == 0.75
    assert found.error == pytest.approx(math.sqrt(0.75 * 0.25 / 3))


def test_the_histogram_has_a_share_for_every_class() -> None:
    shares = class_histogram([0, 0, 2, 2, 2], 4)
    np.testing.assert_allclose(shares, [0.4, 0, 0.6, 0])
    assert smallest_class(shares) == (1, 0.0)


def test_the_distance_of_histograms_is_the_share_that_has_to_move() -> None:
    assert histogram_distance([0.5, 0.5, 0], [0.5, 0.5, 0]) == 0
    assert histogram_distance([1, 0], [0, 1]) == 1
    assert histogram_distance([0.7, 0.3], [0.5, 0.5]) == pytest.approx(0.2)


def test_variance_within_classes_is_numpys_unbiased_variance(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 3, 5, 4), dtype=np.uint8)
    labels = rng.integers(0, 3, 60)
    expected = {label: images[labels == label].astype(np.float64).var(axis=0, ddof=1).mean() for label in range(3)}
    for numbers in (2**22, 200):  # in one block and in blocks of three
        monkeypatch.setattr(pyramids, "_BLOCK_NUMBERS", numbers)
        found = within_class_variance(images, labels)
        assert found.by_class == pytest.approx(expected, rel=1e-12)
        assert found.mean == pytest.approx(np.mean(list(expected.values())), rel=1e-12)
        assert found.skipped == 0


def test_classes_of_one_image_are_skipped_and_counted_and_images_without_label_left_out() -> None:
    images = np.array([0, 2, 100, 7, 9, 200], dtype=np.uint8).reshape(6, 1, 1, 1)
    found = within_class_variance(images, [0, 0, 1, 2, 2, -1])
    assert found == (2.0, {0: 2.0, 2: 2.0}, 1)


def test_real_images_against_others_of_their_kind_have_a_ratio_near_one() -> None:
    images, labels = load_digits()
    found = within_class_variance_ratio(images[::2], labels[::2], images[1::2], labels[1::2])
    assert found.ratio == pytest.approx(1, abs=0.1)
    assert 0.7 < found.smallest_ratio < found.ratio
    assert found.skipped == 0


def test_class_means_repeated_have_a_ratio_of_exactly_zero() -> None:
    images, labels = load_digits()
    found = within_class_variance_ratio(class_means(images, labels), labels, images, labels)
    assert (found.ratio, found.smallest_ratio) == (0, 0)


def test_a_single_collapsed_class_shows_in_the_smallest_ratio() -> None:
    images, labels = load_digits()
    fake = images.copy()
    fake[labels == 6] = fake[labels == 6][0]
    found = within_class_variance_ratio(fake, labels, images, labels)
    assert (found.smallest_ratio, found.smallest_class) == (0, 6)
    assert 0.8 < found.ratio < 1


def test_halved_contrast_quarters_the_variance() -> None:
    images, labels = load_digits()
    even = images // 2 * 2
    found = within_class_variance_ratio(even // 2, labels, even, labels)
    assert found.ratio == pytest.approx(0.25, rel=1e-12)
    assert found.smallest_ratio == pytest.approx(0.25, rel=1e-12)


def test_a_class_with_one_fake_counts_as_nothing_and_real_ones_without_variety_are_skipped() -> None:
    real = np.array([0, 2, 5, 5, 0, 4, 9, 1], dtype=np.uint8).reshape(8, 1, 1, 1)
    fake = np.array([0, 2, 5, 6, 3, 3], dtype=np.uint8).reshape(6, 1, 1, 1)
    # real 1 has no variety, 2 has one fake image only, 3 is a single real image
    found = within_class_variance_ratio(fake, [0, 0, 1, 1, 2, 5], real[[0, 1, 2, 3, 4, 5, 6]], [0, 0, 1, 1, 2, 2, 3])
    assert found == (0.5, 0.0, 2, 2)


def test_the_ratio_is_the_mean_over_classes_whatever_their_contrast() -> None:
    real = np.array([0, 2, 0, 200], dtype=np.uint8).reshape(4, 1, 1, 1)
    fake = np.array([0, 2, 0, 100], dtype=np.uint8).reshape(4, 1, 1, 1)
    found = within_class_variance_ratio(fake, [0, 0, 1, 1], real, [0, 0, 1, 1])
    assert found == (pytest.approx((1 + 0.25) / 2), pytest.approx(0.25), 1, 0)


def test_negative_labels_are_left_out() -> None:
    assert class_accuracy([0, 1, -1, 2], [0, -1, 2, 1]).value == 0.5
    np.testing.assert_allclose(class_histogram([-1, 0, 2, -3], 3), [0.5, 0, 0.5])


def test_large_counts_of_bright_images_do_not_overflow() -> None:
    images = np.broadcast_to(np.array([255, 254], dtype=np.uint8).reshape(2, 1, 1, 1), (2, 1, 300, 300))
    found = within_class_variance(np.repeat(images, 200, axis=0), np.zeros(400, dtype=int))
    assert found.mean == pytest.approx(0.25 * 400 / 399, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: class_accuracy([0, 1], [0]), "2 predicted classes for 1"),
        (lambda: class_accuracy([], []), "[0]"),
        (lambda: class_accuracy([0.5], [0]), "float64"),
        (lambda: class_histogram([0, 5], 5), "up to 5; allowed are 0 to 4"),
        (lambda: class_histogram([-1, -2], 5), "all below 0"),
        (lambda: class_accuracy([-1], [0]), "no sample has both"),
        (lambda: histogram_distance([1.0], [0.5, 0.5]), "1 and 2 classes"),
        (lambda: histogram_distance([0.9], [1.0]), "sum to 1"),
        (lambda: smallest_class([np.nan, 1.0]), "sum to 1"),
        (lambda: within_class_variance(np.zeros((2, 1, 4, 4), np.uint8), [0]), "1 labels for 2 images"),
        (lambda: within_class_variance(np.zeros((2, 1, 4, 4), np.uint8), [0, 1]), "at least 2 images"),
        (lambda: within_class_variance(np.zeros((2, 1, 4, 4)), [0, 1]), "float64"),
        (
            lambda: within_class_variance_ratio(
                np.zeros((2, 1, 4, 4), np.uint8), [0, 0], np.zeros((2, 3, 4, 4), np.uint8), [0, 0]
            ),
            "[1, 4, 4], real ones [3, 4, 4]",
        ),
        (
            lambda: within_class_variance_ratio(
                np.zeros((2, 1, 4, 4), np.uint8), [0, 0], np.zeros((2, 1, 4, 4), np.uint8), [0, 0]
            ),
            "2 different real",
        ),
    ],
)
def test_bad_input_is_one_clear_line(call, words: str) -> None:
    with pytest.raises(UsageError) as error:
        call()
    assert words in str(error.value) and "\n" not in str(error.value)
