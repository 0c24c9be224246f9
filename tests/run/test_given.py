"""Latents and labels that a caller gives: any array of the right form, and one line for others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from steadygan.errors import UsageError
from steadygan.run.given import as_labels, as_latents

THREE = torch.zeros(3, 4)


@pytest.mark.parametrize("given", [THREE, THREE.numpy(), THREE.tolist(), THREE.double(), THREE.int()])
def test_latents_are_any_array_of_the_right_form(given: Any) -> None:
    found = as_latents(given, 4)
    assert found.dtype == torch.float32 and torch.equal(found, THREE)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (THREE[:, :3], r"latents have the shape \[3, 3\]; needed: \[N, 4\], N from 1"),
        (THREE[0], r"latents have the shape \[4\]"),
        (THREE[:0], r"latents have the shape \[0, 4\]"),
        (THREE[None], r"latents have the shape \[1, 3, 4\]"),
        (5.0, r"latents have the shape \[\]"),
        (THREE / 0, "latents hold numbers that are not finite"),
        ("three", "latents are str; needed: a tensor or an array of numbers"),
        (None, "latents are NoneType"),
        ([[1.0], [1.0, 2.0]], "latents are list"),
    ],
)
def test_other_latents_are_one_line(given: Any, line: str) -> None:
    with pytest.raises(UsageError, match=line):
        as_latents(given, 4)


@pytest.mark.parametrize("given", [[0, 2, 1], (0, 2, 1), np.array([0, 2, 1], np.uint8), torch.tensor([0, 2, 1])])
def test_labels_are_any_whole_numbers(given: Any) -> None:
    found = as_labels(given, 3, 3)
    assert found.dtype == torch.int64 and found.tolist() == [0, 2, 1]


@pytest.mark.parametrize(
    "given", [[0, 1], [0, 1, 3], [-1, 0, 1], [0.0, 1.0, 2.0], [True, False, True], [[0, 1, 2]], [], "012", 1, [1j] * 3]
)
def test_other_labels_are_one_line(given: Any) -> None:
    with pytest.raises(UsageError, match=r"labels are .*needed: "):
        as_labels(given, 3, 3)
