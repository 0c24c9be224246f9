"""Alphabets: characters to ids and back, by the rules of the WGAN-GP authors' language model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygan.data.text.alphabet import UNKNOWN, Alphabet, build_alphabet, decode, encode
from steadygan.data.text.lines import split_lines
from steadygan.errors import UsageError

ABC = Alphabet(UNKNOWN + "`abc")


def test_an_alphabet_is_unknown_padding_and_the_most_frequent_characters() -> None:
    alphabet = build_alphabet(["banana", "nab"])
    assert alphabet.characters == UNKNOWN + "`" + "anb"  # a 4, n 3, b 2
    assert (alphabet.unknown, alphabet.padding, len(alphabet)) == (0, 1, 5)


def test_rare_characters_are_left_out_of_a_small_alphabet() -> None:
    assert build_alphabet(["banana", "nab"], most=4).characters == UNKNOWN + "`" + "an"


def test_equally_frequent_characters_go_by_code_point_whatever_the_order_of_lines() -> None:
    assert build_alphabet(["zy", "xé"]) == build_alphabet(["éx", "yz"]) == Alphabet(UNKNOWN + "`xyzé")


def test_characters_beyond_the_length_of_a_sample_do_not_count() -> None:
    assert build_alphabet(["abzzz", "bazzz"], length=2).characters == UNKNOWN + "`ab"


def test_padding_and_broken_characters_in_a_text_take_no_second_place() -> None:
    assert build_alphabet([f"a`{UNKNOWN}`"]).characters == UNKNOWN + "`a"
    assert build_alphabet(["a`b"], padding="_").characters == UNKNOWN + "_`ab"


@pytest.mark.parametrize("most", [2, 32_768])
def test_alphabets_of_impossible_sizes_are_refused(most: int) -> None:
    with pytest.raises(UsageError, match=r"the most characters are .*; allowed are 3 to 32,767"):
        build_alphabet(["ab"], most=most)


@pytest.mark.parametrize("padding", ["", "ab", UNKNOWN])
def test_padding_is_one_character(padding: str) -> None:
    with pytest.raises(UsageError, match="it has to be one character"):
        build_alphabet(["ab"], padding=padding)


def test_an_alphabet_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="2 lines have no character"):
        build_alphabet(["", "`"])


def test_alphabets_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(UsageError, match="has 'a' twice"):
        Alphabet("abca")
    with pytest.raises(UsageError, match="has 2 characters; allowed are 3"):
        Alphabet("ab")
    for padding, unknown in ((1, 1), (3, 0), (1, -1)):
        with pytest.raises(UsageError, match="they have to differ and be from 0 to 2"):
            Alphabet("abc", padding, unknown)


def test_lines_are_cut_padded_and_unknown_characters_take_their_id() -> None:
    ids = encode(["abcabc", "ca", "axb", ""], ABC, 4)
    assert ids.tolist() == [[2, 3, 4, 2], [4, 2, 1, 1], [2, 0, 3, 1], [1, 1, 1, 1]]


def test_ids_decode_to_lines_without_the_padding_at_their_ends() -> None:
    ids = np.array([[2, 1, 3, 1], [0, 4, 1, 1], [1, 1, 1, 1]])
    assert decode(ids, ABC) == ["a`b", f"{UNKNOWN}c", ""]


def test_places_of_padding_and_unknown_are_free() -> None:
    alphabet = Alphabet("ab`?", padding=2, unknown=3)
    ids = encode(["ba!"], alphabet, 5)
    assert ids.tolist() == [[1, 0, 3, 2, 2]]
    assert decode(ids, alphabet) == ["ba?"]


@given(st.lists(st.text(max_size=12), min_size=1, max_size=8), st.integers(1, 10))
def test_known_text_comes_back_but_for_what_was_cut_and_padding_at_the_end(lines: list[str], length: int) -> None:
    alphabet = Alphabet(UNKNOWN + "`" + "".join(sorted(set("xyz".join(lines) + "xyz") - {UNKNOWN, "`"})))
    assert decode(encode(lines, alphabet, length), alphabet) == [line[:length].rstrip("`") for line in lines]


def test_large_alphabets_take_two_bytes_and_lose_nothing() -> None:
    characters = UNKNOWN + "`" + "".join(chr(0x4E00 + number) for number in range(255))
    small, large = Alphabet(characters[:256]), Alphabet(characters)
    assert (encode(["a"], small, 2).dtype, encode(["a"], large, 2).dtype) == (np.uint8, np.int16)
    lines = [characters[2:130], characters[130:]]
    assert decode(encode(lines, large, 128), large) == lines


def test_many_lines_are_encoded_like_few() -> None:
    lines = ["a", "bc", "cab"] * 30_000
    ids = encode(lines, ABC, 2)
    assert ids.shape == (90_000, 2)
    assert (ids == np.tile(encode(lines[:3], ABC, 2), (30_000, 1))).all()


@pytest.mark.parametrize("ids", [[[0, 5]], [[-1, 0]]])
def test_ids_that_the_alphabet_does_not_have_are_refused(ids: list[list[int]]) -> None:
    with pytest.raises(UsageError, match=r"ids go from .*; the alphabet has 0 to 4"):
        decode(np.array(ids), ABC)


def test_ids_of_another_shape_and_samples_of_no_length_are_refused() -> None:
    with pytest.raises(UsageError, match=r"ids have the shape \[3\]"):
        decode(np.array([0, 1, 2]), ABC)
    for use in (lambda: encode(["a"], ABC, 0), lambda: split_lines(["a"], 0.1, 0)):
        with pytest.raises(UsageError, match="the length of a line is 0"):
            use()
