"""N-gram divergence against scipy and its limits; shares of words counted by hand."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from steadygan.errors import UsageError
from steadygan.metrics.ngrams import js_curve, ngram_counts, ngram_js, word_share

REAL = ["the cat sat on the mat", "a dog ran to the door", "the sun is on the sea"]
FAKE = ["the dig sat in the mad", "o cat ran on a door"]
lines = st.lists(st.text("abc", min_size=3, max_size=8), min_size=1, max_size=6)


def independent(real: list[str], fake: list[str], n: int) -> float:
    """By scipy, which gives the square root of the divergence."""
    counts = [Counter(line[i : i + n] for line in text for i in range(len(line) - n + 1)) for text in (real, fake)]
    grams = sorted(counts[0] | counts[1])
    return float(jensenshannon(*([count[gram] for gram in grams] for count in counts), base=2) ** 2)


@given(lines, lines, st.integers(1, 3))
def test_it_agrees_with_scipy(real: list[str], fake: list[str], n: int) -> None:
    assert ngram_js(real, fake, n) == pytest.approx(independent(real, fake, n), abs=1e-12)


@given(lines, lines)
def test_it_is_symmetric_and_between_zero_and_one(real: list[str], fake: list[str]) -> None:
    for value, turned in zip(js_curve(real, fake, (1, 2)).values(), js_curve(fake, real, (1, 2)).values(), strict=True):
        assert value == pytest.approx(turned, abs=1e-12)
        assert 0 <= value <= 1


def test_the_same_text_is_at_zero_and_text_with_nothing_in_common_at_one() -> None:
    assert js_curve(REAL, REAL[::-1]) == {1: 0, 2: 0, 3: 0, 4: 0}
    assert js_curve(["aaaaa"], ["bbbbb"]) == {1: 1, 2: 1, 3: 1, 4: 1}


def test_half_of_the_mass_in_common() -> None:
    # p = (1/2, 1/2, 0), q = (1/2, 0, 1/2): half of each is alike, half has nothing in common
    assert ngram_js(["ab"], ["ac"], 1) == pytest.approx(0.5)


def test_it_grows_with_the_order() -> None:
    values = list(js_curve(REAL, FAKE).values())
    assert values == sorted(values) and values[0] < values[-1]


def test_n_grams_do_not_run_over_the_end_of_a_line() -> None:
    assert ngram_js(["ab", "cd"], ["ab", "cd", "ab", "cd"], 2) == 0
    assert ngram_js(["abcd"], ["ab", "cd"], 2) == pytest.approx(independent(["abcd"], ["ab", "cd"], 2))
    assert ngram_js(["abcd"], ["ab", "cd"], 2) > 0


def test_text_tokens_and_ids_of_the_same_lines_give_the_same() -> None:
    padded = [[line.ljust(24, "`") for line in text] for text in (REAL, FAKE)]
    expected = ngram_js(*padded, 3)
    assert ngram_js([tuple(line) for line in padded[0]], [list(line) for line in padded[1]], 3) == expected
    assert ngram_js(padded[0], [list(line) for line in padded[1]], 3) == expected
    ids = [np.array([[ord(c) for c in line] for line in text]) for text in padded]
    assert ngram_js(*ids, 3) == expected
    assert ngram_js(ids[0].tolist(), ids[1], 3) == expected


def test_words_can_be_the_tokens() -> None:
    assert ngram_js(["a b", "c"], ["b  a", "c"], 1, "word") == 0
    assert ngram_js(["a b"], ["b a"], 2, "word") == 1
    assert ngram_js(["one two"], [["one", "two"]], 2, "word") == 0


def test_lines_can_be_read_once_only() -> None:
    assert js_curve(iter(REAL), iter(FAKE)) == js_curve(REAL, FAKE)


def test_the_last_digit_does_not_depend_on_the_hashing_of_text() -> None:
    code = f"from steadygan.metrics.ngrams import ngram_js; print(repr(ngram_js({REAL!r}, {FAKE!r}, 2)))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert found == {f"{ngram_js(REAL, FAKE, 2)!r}\n"}


def test_the_share_of_held_out_words_with_an_error_of_lines() -> None:
    found = word_share(["the cat", "xx cat dog yy", "zz"], {"the", "cat", "dog"})
    assert found.value == pytest.approx(4 / 7)
    residuals = np.array([2, 2, 0]) - 4 / 7 * np.array([2, 4, 1])
    assert found.error == pytest.approx(math.sqrt(3 / 2 * (residuals**2).sum()) / 7)


def test_the_error_of_word_shares_is_what_other_samples_would_move() -> None:
    rng = np.random.default_rng(0)

    def sample() -> list[str]:  # a line is all words or all nonsense: its words are not independent
        lengths, good = rng.integers(1, 8, 200), rng.random(200) < 0.6
        return [" ".join(["cat" if right else "xx"] * length) for length, right in zip(lengths, good, strict=True)]

    found = [word_share(sample(), {"cat"}) for _ in range(300)]
    spread = np.std([each.value for each in found], ddof=1)
    assert np.mean([each.error for each in found]) == pytest.approx(spread, rel=0.15)


def test_held_out_lines_are_cut_into_words() -> None:
    assert word_share(["the cat", "a  dgo the", ""], ["the dog saw", "a cat"]).value == 0.8


def test_counts_do_not_cross_lines() -> None:
    assert ngram_counts(["abab", "c", "ba"], 2) == {("a", "b"): 2, ("b", "a"): 2}


def test_padding_is_removed_before_words_are_looked_up() -> None:
    assert word_share(["the cat````", "dog````````"], {"the", "cat"}, padding="`").value == pytest.approx(2 / 3)
    assert word_share([list("the cat````")], {"the", "cat"}, padding="`") == (1.0, None)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ngram_js(REAL, FAKE, 0), "n is 0"),
        (lambda: ngram_js(REAL, FAKE, 1, "letter"), "'letter'"),  # type: ignore[arg-type]
        (lambda: ngram_js(REAL, ["ab", "c"], 3), "fake text: none of 2 lines has 3 tokens"),
        (lambda: ngram_js([], FAKE, 1), "real text: none of 0 lines"),
        (lambda: ngram_js("a text", FAKE, 1), "splitlines"),
        (lambda: word_share([], {"a"}), "no word"),
        (lambda: word_share(["a"], []), "text's lines have no word"),
        (lambda: word_share(["a"], "a b"), "got one str"),
        (lambda: word_share(["", "  "], {"a"}), "no word in 2"),
        (lambda: word_share([[1, 2]], {"a"}), "token ids"),
    ],
)
def test_bad_input_is_one_clear_line(call, words: str) -> None:
    with pytest.raises(UsageError) as error:
        call()
    assert words in str(error.value) and "\n" not in str(error.value)


def test_lines_of_torch_are_those_of_numpy() -> None:
    ids = np.random.default_rng(0).integers(0, 4, (30, 10))
    expected = ngram_js(ids[:15], ids[15:], 2)
    tensors = torch.from_numpy(ids)
    assert ngram_js(tensors[:15], tensors[15:], 2) == expected > 0
    assert ngram_js(list(tensors[0:15]), [list(row) for row in tensors[15:]], 2) == expected
    for wrong in ([1, 2, 3], [b"abc"], [None]):
        with pytest.raises(UsageError, match="lines are text, or lists of tokens"):
            ngram_js(wrong, ids, 1)  # type: ignore[arg-type]
