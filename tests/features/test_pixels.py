"""Principal components of pixels, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from steadygan.data.sources.digits import load_digits
from steadygan.errors import UsageError
from steadygan.features import pixels
from steadygan.features.pixels import fit_pixels
from steadygan.metrics import pyramids

DIGITS = load_digits()[0]


def random_images(count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)


def test_they_are_scikit_learns_components_up_to_sign_and_one_scale() -> None:
    features = fit_pixels(DIGITS[:900], width=20)(DIGITS[900:]).features
    reference = PCA(20, svd_solver="full").fit(DIGITS[:900].reshape(900, -1) / 255)
    expected = reference.transform(DIGITS[900:].reshape(-1, 64) / 255) / np.sqrt(reference.explained_variance_.sum())
    assert features.dtype == np.float32
    np.testing.assert_allclose(np.abs(features), np.abs(expected), atol=1e-5)


@pytest.mark.parametrize("count", [70, 300, 600, 1100])  # products of images, their largest alone, of pixels
def test_each_way_to_components_gives_those_of_the_whole_singular_value_decomposition(count: int) -> None:
    noise = np.random.default_rng(1)
    smooth = noise.standard_normal((count, 3, 4, 4)).repeat(4, axis=2).repeat(4, axis=3)
    images = (128 + 25 * smooth + 4 * noise.standard_normal((count, 3, 16, 16))).clip(0, 255).astype(np.uint8)
    images[count // 2 :] = images[: count - count // 2]  # every image twice: half of the eigenvalues are zero
    fitted = fit_pixels(images, width=60)
    rows = images.reshape(count, -1) / 255
    _, _, directions = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    width = min(60, count // 2 - 1)
    assert fitted.width == width
    found = fitted.components / np.linalg.norm(fitted.components, axis=0)
    overlap = np.abs((directions[:width] * found.T).sum(axis=1))
    np.testing.assert_allclose(overlap, 1, atol=1e-6)
    again = fit_pixels(images, width=60)
    np.testing.assert_array_equal(again.components, fitted.components)


def test_components_of_the_images_fitted_on_have_mean_zero_and_variance_one_in_total() -> None:
    features = fit_pixels(DIGITS)(DIGITS).features.astype(np.float64)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-6)
    assert features.var(axis=0, ddof=1).sum() == pytest.approx(1, rel=1e-5)
    assert np.all(np.diff(features.var(axis=0)) < 1e-9)  # largest first


def test_directions_without_variance_are_left_out() -> None:
    fitted = fit_pixels(DIGITS)  # some of the 64 pixels are never inked
    assert fitted.width == fitted(DIGITS[:5]).features.shape[1] < 64
    assert fit_pixels(DIGITS[:3]).width == 2


def test_the_largest_entry_of_each_component_is_positive() -> None:
    components = fit_pixels(DIGITS, width=10).components
    assert np.all(components[np.abs(components).argmax(axis=0), np.arange(10)] > 0)


@pytest.mark.parametrize(("shape", "factor"), [((1, 28, 28), 1), ((3, 50, 45), 2), ((1, 130, 140), 3)])
def test_large_images_are_averaged_over_squares(shape: tuple[int, int, int], factor: int) -> None:
    images = random_images(6, *shape)
    fitted = fit_pixels(images, width=4)
    assert fitted.factor == factor
    height, width = (-(-side // factor) for side in shape[1:])
    means = np.empty((6, shape[0], height, width))
    for row in range(height):
        for column in range(width):
            square = images[:, :, row * factor : (row + 1) * factor, column * factor : (column + 1) * factor]
            means[:, :, row, column] = square.mean(axis=(2, 3)) / 255
    expected = (means.reshape(6, -1) - fitted.mean) @ fitted.components
    np.testing.assert_allclose(fitted(images).features, expected, atol=1e-6)


def test_blocks_do_not_change_the_features(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fit_pixels(DIGITS, width=8)(DIGITS).features
    monkeypatch.setattr(pyramids, "_BLOCK_NUMBERS", 7 * 64)
    np.testing.assert_allclose(fit_pixels(DIGITS, width=8)(DIGITS).features, whole, atol=1e-6)


def test_the_identity_tells_data_and_settings_apart_and_nothing_else() -> None:
    identities = [
        fit_pixels(DIGITS[:200], width=8).identity,
        fit_pixels(DIGITS[:200], width=9).identity,
        fit_pixels(DIGITS[1:201], width=8).identity,
        fit_pixels(DIGITS[:200].reshape(200, 1, 4, 16), width=8).identity,
    ]
    assert len(set(identities)) == 4
    assert fit_pixels(DIGITS[:200].copy(), width=8).identity == identities[0]


def test_many_images_are_represented_by_a_fixed_subset() -> None:
    subset = pixels.fixed_subset(DIGITS, 100)
    assert len(subset) == 100
    np.testing.assert_array_equal(subset, pixels.fixed_subset(DIGITS, 100))
    assert pixels.fixed_subset(DIGITS, 5_000) is DIGITS


def test_facts_are_for_the_record() -> None:
    fitted = fit_pixels(DIGITS, width=10)
    reference = PCA(10).fit(DIGITS.reshape(len(DIGITS), -1))
    assert fitted.name == "pixels"
    assert fitted.facts["fitted on"] == len(DIGITS)
    assert fitted.facts["variance kept"] == pytest.approx(reference.explained_variance_ratio_.sum(), abs=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fit_pixels(DIGITS[:1]), "got 1"),
        (lambda: fit_pixels(np.repeat(DIGITS[:1], 5, axis=0)), "all the same"),
        (lambda: fit_pixels(DIGITS / 255), "float64"),
        (lambda: fit_pixels(DIGITS[:9], width=2)(random_images(3, 3, 8, 8)), "[3, 8, 8]; 'pixels'"),
        (lambda: fit_pixels(DIGITS[:9], width=2)(random_images(3, 1, 9, 8)), "[1, 9, 8]"),
        (lambda: fit_pixels(DIGITS[:9], width=0), "width is 0"),
    ],
)
def test_bad_input_is_one_clear_line(call, words: str) -> None:
    with pytest.raises(UsageError) as error:
        call()
    assert words in str(error.value) and "\n" not in str(error.value)
