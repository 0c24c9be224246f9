"""Patch features: their formulas by plain loops, and that a Fréchet distance in them sees what spoils images."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.decomposition import PCA

from steadygan.data.sources.digits import load_digits
from steadygan.errors import UsageError
from steadygan.features.patches import SMALLEST, PatchFeatures, fit_patches
from steadygan.metrics import pyramids
from steadygan.metrics.pyramids import laplacian_pyramid

IMAGES, LABELS = (array[np.random.default_rng(0).permutation(1797)] for array in load_digits())
REAL, OTHERS, CLASSES = IMAGES[:900], IMAGES[900:], LABELS[900:]


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    covariances = np.cov(a.T), np.cov(b.T)
    shift = np.square(a.mean(axis=0) - b.mean(axis=0)).sum()
    roots = np.sqrt(np.maximum(np.linalg.eigvals(covariances[0] @ covariances[1]).real, 0))
    return float(shift + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * roots.sum())


def photos(count: int, channels: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    """Blotches with some grain."""
    noise = np.random.default_rng(seed).standard_normal((count, channels, height, width))
    values = 200 * gaussian_filter(noise, (0, 0, 2, 2)) + 10 * noise + 128
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def fitted() -> PatchFeatures:
    return fit_patches(REAL)


@pytest.fixture(scope="module")
def of_real(fitted: PatchFeatures) -> np.ndarray:
    return fitted(REAL).features


def raw(fitted: PatchFeatures, images: np.ndarray) -> np.ndarray:
    """Features before they were brought to mean 0 and a common scale."""
    return fitted(images).features / fitted.scale + fitted.centre


def quarters(energy: np.ndarray) -> list[float]:
    height, width = (-(-side // 2) for side in energy.shape)
    halves = energy[:height], energy[height:]
    return [part.sum() / energy.sum() for half in halves for part in (half[:, :width], half[:, width:])]


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 13, 16), (4, 6, 7)])
def test_strength_sparsity_and_quarters_are_their_formulas(shape: tuple[int, int, int]) -> None:
    images = photos(40, *shape)
    fitted = fit_patches(images, components=5)
    strengths, sparsities, places = [], [], []
    for level, patterns in zip(laplacian_pyramid(images[3:4] / 255.0, SMALLEST), fitted.levels, strict=True):
        rows, columns = level.shape[2] - 4, level.shape[3] - 4
        responses = np.zeros((5, rows, columns))
        for row in range(rows):
            for column in range(columns):
                patch = level[0, :, row : row + 5, column : column + 5]
                for k in range(5):
                    responses[k, row, column] = (patterns.weights[k] * patch).sum() + patterns.offsets[k]
        energy = np.square(responses).mean(axis=(1, 2)) + patterns.floors
        strengths += list(np.log(energy))
        sparsities += list(np.abs(responses).mean(axis=(1, 2)) / np.sqrt(energy))
        places += quarters(np.square(responses).sum(axis=0) + patterns.floors.sum())
    expected = [*strengths, *sparsities, *places, *fitted.pixels(images[3:4]).features[0]]
    np.testing.assert_allclose(raw(fitted, images[3:4])[0], expected, atol=2e-4)


def test_patterns_are_the_components_of_all_patches_of_a_level() -> None:
    images = photos(300, 1, 16, 16)
    for level, patterns in zip(
        laplacian_pyramid(images / 255.0, SMALLEST), fit_patches(images, components=6).levels, strict=True
    ):
        windows = np.lib.stride_tricks.sliding_window_view(level, (5, 5), axis=(2, 3)).reshape(-1, 25)
        weights = patterns.weights.reshape(6, 25).astype(np.float64)
        np.testing.assert_allclose(weights @ weights.T, np.eye(6), atol=1e-5)
        captured = ((windows - windows.mean(axis=0)) @ weights.T).var(axis=0).sum()
        assert captured == pytest.approx(PCA(6).fit(windows).explained_variance_.sum(), rel=0.01)
        np.testing.assert_allclose((windows @ weights.T + patterns.offsets).mean(axis=0), 0, atol=3e-3)


def test_real_images_have_mean_zero_and_a_quarter_of_the_variance_in_each_group() -> None:
    images = photos(200, 3, 24, 24)
    features = fit_patches(images)(images).features.astype(np.float64)
    assert features.shape == (200, 108)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-5)
    groups = np.split(features.var(axis=0), np.cumsum([36, 36, 12]))
    for variances in groups:
        assert variances.sum() == pytest.approx(0.25, rel=0.05)


@pytest.mark.parametrize(
    ("shape", "width"),
    [((1, 6, 6), 52), ((1, 8, 8), 52), ((1, 28, 28), 108), ((2, 33, 20), 80), ((1, 70, 70), 136), ((4, 9, 50), 52)],
)
def test_any_size_from_six_pixels_and_any_number_of_channels_will_do(shape: tuple[int, int, int], width: int) -> None:
    images = photos(30, *shape)
    fitted = fit_patches(images)
    features = fitted(images[:7]).features
    assert features.shape == (7, fitted.width) == (7, width)
    assert features.dtype == np.float32 and np.isfinite(features).all()


def test_flat_images_have_features(fitted: PatchFeatures) -> None:
    flat = np.stack([np.full((1, 8, 8), value, dtype=np.uint8) for value in (0, 100, 255)])
    assert np.isfinite(fitted(flat).features).all()


def test_features_of_an_image_do_not_depend_on_the_others(
    fitted: PatchFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fitted(OTHERS[:50]).features
    monkeypatch.setattr(pyramids, "_BLOCK_NUMBERS", 8 * 64 * 3)
    np.testing.assert_allclose(fitted(OTHERS[:50]).features, whole, atol=1e-4)


def test_a_fit_can_be_repeated_to_the_last_digit(fitted: PatchFeatures, of_real: np.ndarray) -> None:
    again = fit_patches(REAL.copy())
    assert again.identity == fitted.identity
    np.testing.assert_array_equal(again(REAL).features, of_real)


def test_the_identity_tells_data_and_settings_apart() -> None:
    some = REAL[:60]
    fits = [fit_patches(some), fit_patches(some, seed=1), fit_patches(some, components=9), fit_patches(REAL[1:61])]
    assert len({fit.identity for fit in fits}) == 4
    assert fits[0].name == "patches"
    assert fits[0].facts["fitted on"] == 60


def spoiled(defect: str) -> list[np.ndarray]:
    """Images that the features were not fitted on, from untouched to badly spoiled."""
    rng = np.random.default_rng(1)
    if defect == "noise":
        found = [OTHERS + rng.normal(0, level, OTHERS.shape) for level in (0, 16, 32, 64, 128)]
    elif defect == "blur":
        found = [gaussian_filter(OTHERS.astype(np.float64), (0, 0, width, width)) for width in (0, 0.5, 0.75, 1, 2)]
    elif defect == "dropped classes":
        kept = [OTHERS[count <= CLASSES] for count in (0, 1, 3, 6, 9)]
        found = [images[np.arange(len(OTHERS)) % len(images)] for images in kept]
    elif defect == "few different images":
        found = [OTHERS[np.arange(len(OTHERS)) % count] for count in (len(OTHERS), 300, 100, 30, 10)]
    else:
        assert defect == "swapped halves"
        found = []
        for share in (0, 0.25, 0.5, 1):
            images = OTHERS.copy()
            places = np.arange(round(share * len(images)))
            images[places, :, :4] = images[np.roll(places, 1), :, :4]
            found.append(images)
    return [np.clip(np.rint(images), 0, 255).astype(np.uint8) for images in found]


@pytest.mark.parametrize("defect", ["noise", "blur", "dropped classes", "few different images", "swapped halves"])
def test_the_frechet_distance_grows_with_every_defect(fitted: PatchFeatures, of_real: np.ndarray, defect: str) -> None:
    distances = [frechet(of_real, fitted(images).features) for images in spoiled(defect)]
    assert all(worse > better for better, worse in pairwise(distances))
    assert distances[-1] > 4 * distances[0]
    assert distances[0] < 0.03


def test_ten_class_means_repeated_are_far_worse_than_a_mediocre_generator(
    fitted: PatchFeatures, of_real: np.ndarray
) -> None:
    rng = np.random.default_rng(2)
    means, mediocre = np.empty(OTHERS.shape), np.empty(OTHERS.shape)
    for label in range(10):
        places = label == CLASSES
        pixels = OTHERS[places].reshape(-1, 64).astype(np.float64)
        means[places] = OTHERS[places].mean(axis=0)
        # a normal distribution for each class: all the variety, strokes that hang together badly
        draws = rng.multivariate_normal(pixels.mean(axis=0), np.cov(pixels.T), len(pixels))
        mediocre[places] = draws.reshape(-1, 1, 8, 8)
    rounded = [np.clip(np.rint(images), 0, 255).astype(np.uint8) for images in (OTHERS, mediocre, means)]
    floor, middling, worst = (frechet(of_real, fitted(images).features) for images in rounded)
    assert floor < middling / 2
    assert worst > 5 * middling
    assert worst > 0.8  # near 1, the loss of all variety


def test_one_mean_vector_repeated_would_score_one(of_real: np.ndarray) -> None:
    point = np.repeat(of_real.mean(axis=0)[None], 5, axis=0)
    assert frechet(of_real, point + 1e-6 * np.eye(5, of_real.shape[1])) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fit_patches(REAL[:1]), "got 1"),
        (lambda: fit_patches(np.zeros((4, 1, 5, 9), np.uint8)), "5x9"),
        (lambda: fit_patches(np.full((4, 1, 8, 8), 7, np.uint8)), "all the same"),
        (lambda: fit_patches(REAL / 255), "float64"),
        (lambda: fit_patches(REAL[:30], components=0), "components is 0"),
        (lambda: fit_patches(REAL[:30])(np.zeros((4, 3, 8, 8), np.uint8)), "[3, 8, 8]; 'patches'"),
    ],
)
def test_bad_input_is_one_clear_line(call, words: str) -> None:
    with pytest.raises(UsageError) as error:
        call()
    assert words in str(error.value) and "\n" not in str(error.value)
