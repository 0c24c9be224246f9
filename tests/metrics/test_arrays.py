"""Bad arrays are refused in one line that names them; good ones are neither copied nor converted without need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from steadygan.errors import UsageError
from steadygan.metrics import arrays


def test_feature_rows_are_contiguous_float64() -> None:
    rows = arrays.feature_rows(np.arange(12, dtype=np.float32).reshape(4, 3).T, "fake features", 2)
    assert rows.dtype == np.float64 and rows.flags["C_CONTIGUOUS"]
    np.testing.assert_array_equal(rows, np.arange(12).reshape(4, 3).T)


def test_stored_rows_are_the_same_memory(tmp_path: Path) -> None:
    mapped = np.memmap(tmp_path / "rows", dtype=np.uint8, mode="w+", shape=(5, 3))
    assert np.shares_memory(arrays.stored_rows(mapped, "training rows", 1), mapped)


def test_tensors_and_lists_are_rows() -> None:
    assert arrays.feature_rows(torch.ones(3, 2), "real features", 1).shape == (3, 2)
    assert arrays.feature_rows([[1, 2], [3, 4]], "real features", 1).dtype == np.float64


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.zeros(3), "got shape [3]"),
        (np.zeros((3, 0)), "got shape [3, 0]"),
        (np.zeros((1, 2)), "got 1 rows where this metric needs at least 2"),
        (np.zeros((3, 2), dtype=complex), "got dtype complex128"),
        (np.array([["a"], ["b"]]), "must be real numbers"),
        ([[1.0], [2.0, 3.0]], "cannot be read as an array"),
        (torch.ones(3, 2, requires_grad=True), "cannot be read as an array"),
    ],
)
def test_rows_of_another_kind_are_refused_by_name(rows: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        arrays.stored_rows(rows, "fake features", 2)
    assert "fake features" in str(raised.value) and said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_first_row_that_is_not_finite_is_named(bad: float) -> None:
    rows = np.zeros((5000, 3), dtype=np.float32)
    rows[[4321, 4900], 1] = bad
    with pytest.raises(UsageError, match="first in row 4321;"):
        arrays.stored_rows(rows, "fake features", 1)


@pytest.mark.parametrize(("count", "width"), [(1, 1), (5000, 2), (5000, 3072), (3, 10_000_000)])
def test_slices_cover_all_rows_in_order_within_bounded_memory(count: int, width: int) -> None:
    rows = np.broadcast_to(np.zeros(1), (count, width))
    slices = list(arrays.row_slices(rows))
    assert [i for part in slices for i in range(part.start, part.stop)] == list(range(count))
    assert all((part.stop - part.start) * width * 8 <= 32 << 20 or part.stop - part.start == 1 for part in slices)


def test_widths_must_agree() -> None:
    assert arrays.same_width(np.zeros((2, 3)), np.zeros((4, 3))) == 3
    with pytest.raises(UsageError, match="3 and 5"):
        arrays.same_width(np.zeros((2, 3)), np.zeros((2, 5)))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_images_of_one_to_four_channels_pass_uncopied(channels: int) -> None:
    images = np.zeros((2, channels, 4, 5), dtype=np.uint8)
    assert np.shares_memory(arrays.image_rows(images, "images"), images)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (np.zeros((2, 3, 4), dtype=np.uint8), "got shape [2, 3, 4]"),
        (np.zeros((0, 3, 4, 4), dtype=np.uint8), "at least one"),
        (np.zeros((2, 3, 4, 4), dtype=np.float32), "must be uint8"),
        (np.zeros((2, 4, 4, 5), dtype=np.uint8).transpose(0, 3, 1, 2), "1 to 4 channels"),
    ],
)
def test_other_images_are_refused_by_name(images: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        arrays.image_rows(images, "generated images")
    assert "generated images" in str(raised.value) and said in str(raised.value)
