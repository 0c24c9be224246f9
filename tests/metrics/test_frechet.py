"""The Fréchet distance against closed forms, SVD of the samples, the matrix root, torchmetrics and resampling."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from steadygan.errors import UsageError
from steadygan.metrics.frechet import (
    Moments,
    Statistics,
    frechet,
    frechet_distance,
    frechet_error,
    frechet_from_features,
    frechet_infinite,
)

Array = NDArray[np.float64]


def torchmetrics_module(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A torchmetrics module, loaded with names in place of torch-fidelity, whose front needs torchvision."""
    parts = {
        "torch_fidelity": {},
        "torch_fidelity.feature_extractor_inceptionv3": {"FeatureExtractorInceptionV3": torch.nn.Module},
        "torch_fidelity.helpers": {"vassert": None},
        "torch_fidelity.interpolate_compat_tensorflow": {"interpolate_bilinear_2d_like_tensorflow1x": None},
    }
    for part, content in parts.items():
        module = ModuleType(part)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, part, module)
    pytest.importorskip("torchmetrics", exc_type=ImportError)
    return importlib.import_module(name)


def gaussian(mean: Any, covariance: Any, count: int = 1000) -> Statistics:
    return Statistics(np.asarray(mean, dtype=np.float64), np.asarray(covariance, dtype=np.float64), count)


def of(rows: Array) -> Statistics:
    return Statistics(rows.mean(axis=0), np.cov(rows, rowvar=False).reshape(rows.shape[1], rows.shape[1]), len(rows))


def random_covariance(rng: np.random.Generator, width: int) -> Array:
    root = rng.standard_normal((width, width))
    return root @ root.T / width


def in_rotated_space(rng: np.random.Generator, count: int, width: int, decay: float) -> Array:
    turn = np.linalg.qr(rng.standard_normal((width, width)))[0]
    return (rng.standard_normal((count, width)) * np.arange(1, width + 1.0) ** -decay) @ turn


def test_streamed_moments_are_those_of_numpy_at_any_cut() -> None:
    rows = np.random.default_rng(0).standard_normal((50, 4)) * [1, 2, 3, 0.1] + 5

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.integers(1, 49), max_size=6).map(sorted))
    def check(cuts: list[int]) -> None:
        moments = Moments()
        for block in np.split(rows, cuts):
            if len(block):
                moments.add(block)
        mean, covariance, count = moments.statistics()
        np.testing.assert_allclose(mean, rows.mean(axis=0), rtol=1e-13)
        np.testing.assert_allclose(covariance, np.cov(rows, rowvar=False), rtol=1e-11, atol=1e-13)
        assert count == 50

    check()


def test_an_offset_of_a_million_costs_no_digits() -> None:
    rows = np.random.default_rng(1).integers(-8, 8, (3000, 5)) / 8.0  # such numbers survive the offset exactly
    moments = Moments()
    for block in np.array_split(rows + 1e6, 7):
        moments.add(block)
    np.testing.assert_allclose(moments.statistics().covariance, np.cov(rows, rowvar=False), rtol=1e-9, atol=1e-9)


def test_float32_blocks_are_summed_in_float64() -> None:
    rows = np.random.default_rng(2).standard_normal((5000, 3)).astype(np.float32)
    moments = Moments()
    moments.add(rows)
    np.testing.assert_allclose(moments.statistics().mean, rows.astype(np.float64).mean(axis=0), rtol=1e-12)


def test_equal_statistics_are_at_distance_zero() -> None:
    rng = np.random.default_rng(0)
    for width in (1, 2, 30):
        a = gaussian(rng.standard_normal(width), random_covariance(rng, width))
        assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_a_shift_costs_its_square() -> None:
    rng = np.random.default_rng(0)
    covariance, shift = random_covariance(rng, 7), rng.standard_normal(7)
    distance = frechet_distance(gaussian(np.zeros(7), covariance), gaussian(shift, covariance))
    assert distance == pytest.approx(shift @ shift, rel=1e-10)


def test_independent_columns_add_the_squared_differences_of_deviations() -> None:
    a, b = np.array([1.0, 4.0, 9.0, 0.0]), np.array([4.0, 4.0, 0.25, 2.0])
    distance = frechet_distance(gaussian(np.zeros(4), np.diag(a)), gaussian(np.ones(4), np.diag(b)))
    assert distance == pytest.approx(4 + np.square(np.sqrt(a) - np.sqrt(b)).sum(), rel=1e-12)


def test_the_plane_has_a_closed_form() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        a, b = random_covariance(rng, 2), random_covariance(rng, 2)
        product = a @ b
        root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
        expected = np.trace(a) + np.trace(b) - 2 * root
        zero = np.zeros(2)
        assert frechet_distance(gaussian(zero, a), gaussian(zero, b)) == pytest.approx(expected, rel=1e-8)


def test_the_general_matrix_root_agrees() -> None:
    rng = np.random.default_rng(4)
    a, b = random_covariance(rng, 40), random_covariance(rng, 40)
    expected = np.trace(a) + np.trace(b) - 2 * np.trace(scipy.linalg.sqrtm(a @ b)).real
    assert frechet_distance(gaussian(np.zeros(40), a), gaussian(np.zeros(40), b)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("real_count", "fake_count", "decay"),
    [(400, 300, 0.0), (400, 300, 3.0), (60, 300, 0.0), (60, 300, 1.0), (300, 60, 3.0), (20, 30, 1.0)],
)
def test_any_number_of_samples_agrees_with_an_svd_of_the_samples(
    real_count: int, fake_count: int, decay: float
) -> None:
    rng = np.random.default_rng(5)
    real, fake = in_rotated_space(rng, real_count, 100, decay), in_rotated_space(rng, fake_count, 100, decay)
    a, b = ((rows - rows.mean(axis=0)) / np.sqrt(len(rows) - 1) for rows in (real, fake))
    overlap = np.linalg.svd(a @ b.T, compute_uv=False).sum()  # tr (S_a S_b)^(1/2) is the nuclear norm of A B^T
    expected = np.square(real.mean(axis=0) - fake.mean(axis=0)).sum() + np.square(a).sum() + np.square(b).sum()
    expected -= 2 * overlap
    assert frechet_from_features(real, fake) == pytest.approx(expected, abs=2e-5)


def test_it_is_symmetric_and_scales_with_the_square_and_ignores_rotation() -> None:
    rng = np.random.default_rng(6)
    real, fake = rng.standard_normal((200, 6)), rng.standard_normal((150, 6)) * 1.5 + 0.3
    turn = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    distance = frechet_from_features(real, fake)
    assert frechet_from_features(fake, real) == pytest.approx(distance, rel=1e-10)
    assert frechet_from_features(3 * real @ turn + 7, 3 * fake @ turn + 7) == pytest.approx(9 * distance, rel=1e-9)


def test_torchmetrics_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    module = torchmetrics_module("torchmetrics.image.fid", monkeypatch)
    rng = np.random.default_rng(7)
    real = rng.integers(0, 256, (400, 3, 4, 4), dtype=np.uint8)
    fake = (rng.integers(0, 256, (300, 3, 4, 4)) * 0.8).astype(np.uint8)

    class Features(torch.nn.Module):
        num_features = 48

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.flatten(1).double() / 255

    metric = module.FrechetInceptionDistance(feature=Features(), input_img_size=(3, 4, 4)).set_dtype(torch.float64)
    metric.update(torch.from_numpy(real), real=True)
    metric.update(torch.from_numpy(fake), real=False)
    ours = frechet_from_features(real.reshape(400, -1) / 255, fake.reshape(300, -1) / 255)
    assert ours == pytest.approx(float(metric.compute()), rel=1e-6)


def test_the_error_is_the_derivative_of_the_distance_in_each_samples_weight() -> None:
    rng = np.random.default_rng(8)
    real, fake = of(rng.standard_normal((300, 3))), rng.standard_normal((40, 3)) * [1, 2, 0.5] + 0.5

    def weighted(weights: Array) -> float:
        mean = weights @ fake
        centred = fake - mean
        return frechet_distance(real, Statistics(mean, (centred * weights[:, None]).T @ centred, 40))

    even, step = np.full(40, 1 / 40), 1e-5
    slopes = [
        (weighted((1 - step) * even + step * unit) - weighted((1 + step) * even - step * unit)) / (2 * step)
        for unit in np.eye(40)
    ]
    expected = np.std(slopes, ddof=1) / np.sqrt(40)
    assert frechet_error(real, fake) == pytest.approx(expected, rel=0.02)  # N - 1 for N in the covariance


def test_the_error_is_that_of_a_jackknife_by_blocks() -> None:
    rng = np.random.default_rng(9)
    real, fake = of(rng.standard_normal((2000, 6))), rng.standard_normal((2000, 6)) * 1.2 + 0.2
    blocks = np.array_split(np.arange(2000), 200)
    without = [frechet_distance(real, of(np.delete(fake, block, axis=0))) for block in blocks]
    jackknife = np.sqrt(199 / 200 * np.square(without - np.mean(without)).sum())
    assert frechet_error(real, fake) == pytest.approx(jackknife, rel=0.15)


@pytest.mark.parametrize(("width", "shift", "scale"), [(2, 1.0, 1.0), (10, 0.2, 1.3), (10, 0.1, 0.5)])
def test_the_error_is_the_scatter_over_fresh_samples(width: int, shift: float, scale: float) -> None:
    rng = np.random.default_rng(10)
    real = of(rng.standard_normal((1000, width)))
    sets = [scale * rng.standard_normal((400, width)) + shift for _ in range(200)]
    scatter = np.std([frechet(real, fake, extrapolate=False).value for fake in sets], ddof=1)
    assert np.mean([frechet_error(real, fake) for fake in sets]) == pytest.approx(scatter, rel=0.15)


def test_infinite_samples_have_no_bias_where_the_plain_distance_has() -> None:
    rng = np.random.default_rng(11)
    width = 12
    real = gaussian(np.zeros(width), np.eye(width))
    truth = width * (0.1**2 + (1.2 - 1) ** 2)
    results = [frechet(real, 1.2 * rng.standard_normal((500, width)) + 0.1) for _ in range(40)]
    plain, infinite = np.mean([r.value for r in results]), np.array([r.infinite for r in results])
    scatter = infinite.std(ddof=1)
    assert plain - truth > 0.08
    assert abs(infinite.mean() - truth) < 3 * scatter / np.sqrt(40) + 0.01
    assert 0.8 < np.mean([r.infinite_error for r in results]) / scatter < 1.5


def test_the_line_predicts_the_distance_of_other_sample_counts() -> None:
    rng = np.random.default_rng(12)
    real, fake = of(rng.standard_normal((4000, 10))), 0.9 * rng.standard_normal((2000, 10))
    line = frechet_infinite(real, fake)
    few = np.mean([frechet_distance(real, of(part)) for part in np.array_split(fake, 8)])
    assert line.slope > 0
    assert few == pytest.approx(line.value + line.slope * 8 / 2000, rel=0.1)


def test_the_order_of_samples_does_not_matter() -> None:
    rng = np.random.default_rng(13)
    labels = np.sort(rng.integers(0, 10, 1000))
    fake = 4 * rng.standard_normal((10, 5))[labels] + rng.standard_normal((1000, 5))
    real = of(fake + 0.1 * rng.standard_normal((1000, 5)))
    line, shuffled = (frechet_infinite(real, rows) for rows in (fake, fake[rng.permutation(1000)]))
    assert line == pytest.approx(shuffled, rel=1e-9)


def test_one_call_gives_what_the_single_ones_give_and_the_same_again() -> None:
    rng = np.random.default_rng(14)
    real, fake = of(rng.standard_normal((300, 5))), rng.standard_normal((200, 5)) + 0.3
    result = frechet(real, fake)
    line = frechet_infinite(real, fake)
    assert result == frechet(real, fake)
    assert result.value == pytest.approx(frechet_distance(real, of(fake)), rel=1e-12)
    assert (result.error, result.infinite, result.infinite_error) == (frechet_error(real, fake), line.value, line.error)
    assert frechet(real, fake, extrapolate=False)[2:] == (None, None, None)


def test_a_collapsed_generator_is_far_and_sure() -> None:
    real = of(np.random.default_rng(15).standard_normal((100, 4)))
    fake = np.tile([1.0, 0.0, 0.0, 0.0], (50, 1))
    result = frechet(real, fake)
    shift = fake[0] - real.mean
    assert result.value == pytest.approx(shift @ shift + np.trace(real.covariance))
    assert result.error == pytest.approx(0, abs=1e-12)


def test_fakes_fewer_than_dimensions_still_have_an_error() -> None:
    rng = np.random.default_rng(16)
    result = frechet(of(rng.standard_normal((300, 80))), rng.standard_normal((40, 80)), extrapolate=False)
    assert np.isfinite(result.value) and 0 < result.error < result.value


def test_a_memory_mapped_file_gives_the_same_numbers(tmp_path: Path) -> None:
    rows = np.random.default_rng(17).standard_normal((100, 4)).astype(np.float32)
    np.save(tmp_path / "rows.npy", rows)
    real = of(rows.astype(np.float64) * 1.1)
    assert frechet(real, np.load(tmp_path / "rows.npy", mmap_mode="r")) == frechet(real, rows)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: frechet_from_features(np.zeros((1, 2)), np.zeros((5, 2))), "real features: got 1 rows"),
        (lambda: frechet_from_features(np.zeros((5, 2)), np.zeros((5, 3))), "2 and 3"),
        (lambda: frechet_from_features(np.zeros((5, 2)), np.full((5, 2), np.nan)), "fake features has NaN"),
        (lambda: frechet(gaussian(np.zeros(2), np.eye(2)), np.zeros((1, 2))), "fake features: got 1 rows"),
        (lambda: frechet_error(gaussian(np.zeros(2), np.eye(2)), np.zeros((9, 3))), "2 and 3"),
        (lambda: frechet_distance(gaussian(np.zeros(2), np.eye(3)), gaussian(np.zeros(3), np.eye(3))), "got [2]"),
        (
            lambda: frechet_distance(gaussian([np.nan], [[1]]), gaussian([0], [[1]])),
            "statistics have NaN",
        ),
        (lambda: Moments().statistics(), "at least 2 vectors; got 0"),
    ],
)
def test_bad_input_is_one_clear_line(call: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        call()
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_blocks_of_another_width_are_refused() -> None:
    moments = Moments()
    moments.add(np.zeros((2, 3)))
    with pytest.raises(UsageError, match="width 3 before; got 4"):
        moments.add(np.zeros((2, 4)))


# --- where the error and the extrapolation hold


def _heavy(rng: np.random.Generator, count: int, tail: float) -> np.ndarray:
    """Vectors [count, 16], a tenth of them ``tail`` times as long, of unit covariance; 1: Gaussian."""
    rest = np.sqrt((1 - 0.1 * tail**2) / 0.9)
    return rng.standard_normal((count, 16)) * np.where(rng.random((count, 1)) < 0.1, tail, rest)


@pytest.mark.parametrize(
    ("tail", "per", "holds"), [(1.0, 20, 20), (1.0, 50, 20), (1.0, 2, 0), (3.1, 3, 4), (3.1, 8, 2)]
)
def test_the_halves_tell_where_samples_are_too_few_for_the_error(tail: float, per: int, holds: int) -> None:
    rng = np.random.default_rng(0)
    real = Statistics(np.zeros(16), np.diag(np.linspace(0.3, 2.0, 16)), 10**9)
    results = [frechet(real, _heavy(rng, 16 * per, tail)) for _ in range(20)]
    kept = sum(result.holds for result in results)
    assert kept >= holds - 2 if holds > 10 else kept <= holds
    if holds > 10:  # the closed form of two Gaussians
        true = frechet_distance(real, Statistics(np.zeros(16), np.eye(16), 10**9))
        off = np.mean([result.infinite - true for result in results])
        assert abs(off) < np.mean([result.error for result in results])
        scatter = np.std([result.value for result in results], ddof=1)
        assert 0.6 < np.mean([result.error for result in results]) / scatter < 2.0


def test_the_curvature_is_the_growth_from_all_to_half_of_the_rows() -> None:
    rng = np.random.default_rng(1)
    real, rows = Statistics(np.zeros(16), np.eye(16), 10**9), _heavy(rng, 300, 2.0)
    result = frechet(real, rows)
    halves = [frechet(real, part, extrapolate=False).value for part in (rows[::2], rows[1::2])]
    slope = (result.value - result.infinite) * 300
    assert result.curvature == pytest.approx((np.mean(halves) - result.value) * 300 / slope)
    assert frechet(real, rows[:3]).curvature is None and frechet(real, rows[:3]).holds


def test_arrays_and_statistics_that_are_not_finite_are_one_line() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 3))
    statistics = Moments()
    statistics.add(rows)
    made = statistics.statistics()
    for call in (frechet, frechet_error, frechet_infinite):
        with pytest.raises(UsageError, match="frechet_from_features is the distance"):
            call(rows, rows)
        with pytest.raises(UsageError, match="NaN"):
            call(made._replace(covariance=made.covariance * np.nan), rows)
    with pytest.raises(UsageError, match="frechet_from_features"):
        frechet_distance(rows, rows)
