"""Token diversity: n-grams counted by hand, one line again and again, and the same text in every form."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from steadygan.diagnostics.signals import token_diversity
from steadygan.errors import UsageError

REAL = ["abcd", "efgh", "ijkl", "mnop"]


def test_by_hand() -> None:
    result = token_diversity(["abab", "abab", "cccc", "abcd"], REAL, n=2)
    assert result.distinct == 5 / 12  # ab ba cc bc cd
    assert result.distinct_ratio == pytest.approx(5 / 12)
    assert result.repeated == 0.5 and result.real_repeated == 0
    shares = np.array([5, 5, 5, 1]) / 16
    assert result.entropy == pytest.approx(-(shares * np.log2(shares)).sum())
    assert result.entropy_ratio == pytest.approx(result.entropy / 4)


@pytest.mark.parametrize("copies", [1, 2, 5])
def test_every_line_so_many_times(copies: int) -> None:
    real = [f"{i:04d}"[::-1] for i in range(20)]
    result = token_diversity(real[: 20 // copies] * copies, real, n=4)
    assert result.distinct == pytest.approx(1 / copies) and result.repeated == (copies > 1)


def test_one_character_has_no_entropy() -> None:
    assert token_diversity(["aaa"] * 9, ["abc"] * 9).entropy == 0
    assert token_diversity(["ab"] * 4, ["ab"] * 4, n=1).entropy == pytest.approx(1)


def test_lines_ids_and_soft_tokens_are_the_same_text() -> None:
    ids = torch.randint(0, 5, (12, 6), generator=torch.Generator().manual_seed(0))
    ids[1] = ids[0]
    one_hot = torch.nn.functional.one_hot(ids, 5).transpose(1, 2).float()
    lines = ["".join("abcde"[i] for i in line) for line in ids.tolist()]
    expected = token_diversity(lines, lines)
    assert expected.repeated == pytest.approx(2 / 12)
    for form in (ids, ids.numpy(), one_hot, one_hot * 0.4 + 0.1, [list(line) for line in ids.tolist()]):
        assert token_diversity(form, form) == expected


def test_as_many_lines_of_both_are_taken() -> None:
    assert token_diversity(REAL, REAL * 5) == token_diversity(REAL, REAL)


@pytest.mark.parametrize(
    ("fake", "said"),
    [
        ("abcd", "must be lines; got one str"),
        (["abcd"], "at least 2 lines on each side; got 1 and 4"),
        (["ab", "cd"], "none of 2 lines has 3 tokens"),
        (np.ones((3, 4)), "must be lines, ids"),
        (np.full((3, 4, 5), math.nan), "NaN"),
    ],
)
def test_bad_input_is_one_clear_line(fake: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        token_diversity(fake, REAL)
