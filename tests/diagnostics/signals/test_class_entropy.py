"""Class entropy: k of K equal classes, one class, and the blurred picture that is no class."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from steadygan.diagnostics.signals import class_entropy
from steadygan.errors import UsageError

LABELS = np.arange(1000) % 10


@pytest.mark.parametrize("classes", range(1, 11))
def test_k_of_ten_equal_classes(classes: int) -> None:
    result = class_entropy(np.arange(10 * classes) % classes, LABELS)
    assert result.entropy == pytest.approx(math.log(classes), abs=1e-12)
    assert result.real_entropy == pytest.approx(math.log(10))
    assert (result.classes, result.real_classes) == (classes, 10)
    assert result.distance == pytest.approx((10 - classes) / 10)


def test_probabilities_count_by_the_largest() -> None:
    logits = torch.randn(200, 10, generator=torch.Generator().manual_seed(0))
    by_labels = class_entropy(logits.argmax(1), LABELS)
    assert class_entropy(logits, LABELS) == class_entropy(logits.softmax(1), LABELS) == by_labels


def test_one_unsure_picture_is_one_class() -> None:
    flat = np.full((50, 10), 0.1)
    flat[:, 3] += 1e-3
    assert class_entropy(flat, LABELS).classes == 1


def test_a_class_counts_from_its_share_on() -> None:
    fake = np.array([0] * 97 + [1] * 2 + [2])  # 2% is not above 2%
    assert class_entropy(fake, LABELS).classes == 1
    assert class_entropy(fake, LABELS, least=0.015).classes == 2


def test_samples_without_a_label_are_left_out() -> None:
    assert class_entropy([0, 1, -1, -1], [0, 1]).entropy == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("fake", "said"),
    [
        ([0.5, 1.5], "labels, integers [N], or probabilities"),
        (np.full((3, 2), np.nan), "NaN"),
        ([-1, -1], "all below 0"),
        (np.ones((4, 3)), "of 3 classes, real ones of 2"),
    ],
)
def test_bad_input_is_one_clear_line(fake: object, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        class_entropy(fake, np.ones((4, 2)))  # type: ignore[arg-type]
    assert said in str(raised.value)
