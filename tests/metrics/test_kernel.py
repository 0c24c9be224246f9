"""The kernel distance against a double loop, torchmetrics, its own unbiasedness, and resampling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from steadygan.errors import UsageError
from steadygan.metrics.kernel import kernel_distance
from tests.metrics.test_frechet import torchmetrics_module

Array = NDArray[np.float64]


def by_loop(real: Array, fake: Array, degree: int = 3, gamma: float | None = None, coef0: float = 1.0) -> float:
    """The unbiased estimate, Gretton et al. 2012, eq. 3."""
    m, n = len(real), len(fake)
    scale = 1 / real.shape[1] if gamma is None else gamma

    def k(a: Array, b: Array) -> float:
        return float((scale * sum(a * b) + coef0) ** degree)

    of_real = sum(k(real[i], real[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    of_fake = sum(k(fake[i], fake[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    return of_real + of_fake - 2 * sum(k(x, y) for x in real for y in fake) / (m * n)


def two_sets(seed: int = 0, count: int = 30, width: int = 5) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((count, width)), 1.3 * rng.standard_normal((count, width)) + 0.2


@pytest.mark.parametrize("kernel", [{}, {"degree": 1}, {"degree": 2, "gamma": 0.7, "coef0": 0.3}])
def test_a_double_loop_agrees(kernel: dict[str, Any]) -> None:
    real, fake = two_sets()
    assert kernel_distance(real, fake, **kernel).value == pytest.approx(by_loop(real, fake, **kernel), rel=1e-11)


def test_a_linear_kernel_measures_the_distance_of_means() -> None:
    rng = np.random.default_rng(1)
    real, fake = rng.standard_normal((1500, 3)), rng.normal([1, 0, 2], size=(1500, 3))
    result = kernel_distance(real, fake, degree=1, gamma=1.0, size=1500)
    assert abs(result.value - 5) < 4 * result.error


def test_torchmetrics_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    module = torchmetrics_module("torchmetrics.image.kid", monkeypatch)
    real, fake = two_sets(seed=2, count=80)

    class Features(torch.nn.Module):
        num_features = 5

        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            return rows

    metric = module.KernelInceptionDistance(feature=Features(), subsets=3, subset_size=80)
    metric.update(torch.from_numpy(real), real=True)
    metric.update(torch.from_numpy(fake), real=False)
    value, _ = metric.compute()
    assert kernel_distance(real, fake).value == pytest.approx(float(value), rel=1e-6)


def test_the_value_is_the_mean_over_subsets() -> None:
    real, fake = two_sets(seed=3, count=40)
    rng = np.random.default_rng(11)
    distances = [by_loop(real[rng.permutation(40)[:10]], fake[rng.permutation(40)[:10]]) for _ in range(4)]
    result = kernel_distance(real, fake, subsets=4, size=10, seed=11)
    assert result.value == pytest.approx(np.mean(distances), rel=1e-10)
    assert (result.subsets, result.size) == (4, 10)


def test_the_answer_says_how_large_the_subsets_really_were() -> None:
    real, fake = two_sets(count=30)
    assert kernel_distance(real, fake)[2:] == (1, 30)
    assert kernel_distance(real, fake[:20], subsets=7)[2:] == (7, 20)
    assert kernel_distance(real, fake, subsets=7, size=25)[2:] == (7, 25)


def test_equal_distributions_are_at_zero_on_average_even_in_small_sets() -> None:
    rng = np.random.default_rng(4)
    values = [kernel_distance(rng.standard_normal((12, 4)), rng.standard_normal((12, 4))).value for _ in range(2000)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(2000)
    assert min(values) < 0


@pytest.mark.parametrize(
    ("fakes", "subsets", "size", "shift", "scale"),
    [
        (400, 20, 100, 0.3, 1.0),
        (400, 20, 100, 0.0, 1.2),
        (400, 20, 100, 0.0, 1.0),
        (150, 20, 1000, 0.2, 1.0),
        (400, 30, 150, 0.1, 0.8),
    ],
)
def test_the_error_is_the_scatter_over_fresh_samples(
    fakes: int, subsets: int, size: int, shift: float, scale: float
) -> None:
    rng = np.random.default_rng(5)
    real = rng.standard_normal((500, 8))
    results = [
        kernel_distance(real, scale * rng.standard_normal((fakes, 8)) + shift, subsets=subsets, size=size, seed=i)
        for i in range(60)
    ]
    values, errors = np.array([result[:2] for result in results]).T
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(values.std(ddof=1), rel=0.25)


def test_more_subsets_do_not_make_the_error_vanish() -> None:
    real, fake = two_sets(seed=6, count=200)
    few, many = (kernel_distance(real, fake, subsets=subsets, size=50).error for subsets in (10, 400))
    assert 0.5 * few < many < few


def test_a_seed_gives_the_last_digit_and_a_file_the_same(tmp_path: Path) -> None:
    real, fake = (rows.astype(np.float32) for rows in two_sets(count=60))
    np.save(tmp_path / "fake.npy", fake)
    result = kernel_distance(real, fake, size=20, seed=3)
    assert result == kernel_distance(real, np.load(tmp_path / "fake.npy", mmap_mode="r"), size=20, seed=3)
    assert result.value != kernel_distance(real, fake, size=20, seed=4).value


def test_copies_of_one_sample_are_far_and_sure() -> None:
    real, _ = two_sets(count=50)
    result = kernel_distance(real, np.tile(3 * np.ones(5), (50, 1)))
    assert result.value > 1 and result.error == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("real", "fake", "options", "said"),
    [
        (np.zeros((3, 2)), np.zeros((9, 2)), {}, "real features: got 3 rows"),
        (np.zeros((9, 2)), np.zeros((9, 3)), {}, "2 and 3"),
        (np.zeros((9, 2)), np.full((9, 2), np.inf), {}, "fake features has NaN or infinite"),
        (np.zeros((9, 2)), np.zeros((9, 2)), {"subsets": 1}, "subsets is 1"),
        (np.zeros((9, 2)), np.zeros((9, 2)), {"size": 3}, "size is 3"),
        (np.zeros((9, 2)), np.zeros((9, 2)), {"degree": 0}, "degree is 0"),
    ],
)
def test_bad_input_is_one_clear_line(real: Any, fake: Any, options: dict[str, int], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        kernel_distance(real, fake, **options)
    assert said in str(raised.value) and "\n" not in str(raised.value)
