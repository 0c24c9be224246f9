"""The inception score against its limits, the formula by a double loop, and torchmetrics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from steadygan.errors import UsageError
from steadygan.metrics.inception_score import inception_score
from tests.metrics.test_frechet import torchmetrics_module


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def by_loop(rows: NDArray[np.float64]) -> float:
    marginal = [sum(row[k] for row in rows) / len(rows) for k in range(rows.shape[1])]
    total = 0.0
    for row in rows:
        total += sum(p * math.log(p / q) for p, q in zip(row, marginal, strict=True) if p > 0)
    return math.exp(total / len(rows))


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_unsure_predictions_score_one(classes: int) -> None:
    score = inception_score(np.full((100, classes), 1 / classes))
    assert score.value == pytest.approx(1) and score.error == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("classes", [2, 10, 50])
def test_sure_and_balanced_predictions_score_the_number_of_classes(classes: int) -> None:
    score = inception_score(np.tile(np.eye(classes), (20, 1)), splits=10)
    assert score.value == pytest.approx(classes) and score.error == pytest.approx(0, abs=1e-9)


def test_one_class_only_scores_one() -> None:
    assert inception_score(np.tile([0.0, 1.0, 0.0], (40, 1))).value == 1


def test_splits_sorted_by_class_hide_the_variety() -> None:
    assert inception_score(np.repeat(np.eye(10), 10, axis=0), splits=10).value == pytest.approx(1)


@pytest.mark.parametrize("splits", [1, 3, 10])
def test_the_formula_by_a_double_loop_agrees(splits: int) -> None:
    rows = softmax(3 * np.random.default_rng(0).standard_normal((100, 7)))
    scores = [by_loop(part) for part in np.array_split(rows, splits)]
    score = inception_score(rows, splits)
    assert score.value == pytest.approx(np.mean(scores), rel=1e-12)
    if splits == 1:
        assert score.error is None
    else:
        assert score.error == pytest.approx(np.std(scores, ddof=1) / math.sqrt(splits), rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 60), st.integers(2, 12))
def test_it_lies_between_one_and_the_number_of_classes(seed: int, sureness: float, classes: int) -> None:
    rows = softmax(sureness * np.random.default_rng(seed).standard_normal((30, classes)))
    assert 1 - 1e-12 <= inception_score(rows, splits=3).value <= classes + 1e-9


def test_the_error_is_the_scatter_over_fresh_samples() -> None:
    rng = np.random.default_rng(1)
    scores = [inception_score(softmax(4 * rng.standard_normal((300, 5)))) for _ in range(200)]
    scatter = np.std([score.value for score in scores], ddof=1)
    assert np.sqrt(np.mean([(score.error or 0) ** 2 for score in scores])) == pytest.approx(scatter, rel=0.15)


def test_torchmetrics_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    module = torchmetrics_module("torchmetrics.image.inception", monkeypatch)
    scores = 3 * np.random.default_rng(2).standard_normal((200, 6))
    metric = module.InceptionScore(feature=torch.nn.Identity(), splits=10)
    metric.update(torch.from_numpy(scores))
    torch.manual_seed(3)
    value, deviation = metric.compute()
    torch.manual_seed(3)
    ours = inception_score(softmax(scores[torch.randperm(200).numpy()]), splits=10)
    assert ours.value == pytest.approx(float(value), rel=1e-10)
    assert (ours.error or 0) * math.sqrt(10) == pytest.approx(float(deviation), rel=1e-8)


@pytest.mark.parametrize(
    ("rows", "splits", "said"),
    [
        (np.full((5, 2), 0.5), 10, "probabilities: got 5 rows where this metric needs at least 10"),
        (np.full((5, 2), 0.5), 0, "splits is 0"),
        (np.ones((20, 2)), 10, "sum to 1"),
        (np.tile([1.5, -0.5], (20, 1)), 10, "at least 0"),
        (np.full((20, 2), np.nan), 10, "has NaN"),
        (np.full(20, 0.5), 10, "got shape [20]"),
    ],
)
def test_bad_input_is_one_clear_line(rows: Any, splits: int, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        inception_score(rows, splits)
    assert said in str(raised.value) and "\n" not in str(raised.value)
