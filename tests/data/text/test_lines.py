"""Text files to ids and back, by the rules of the WGAN-GP authors' language model."""

from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadygan.data.audit.text import summarise
from steadygan.data.text.alphabet import UNKNOWN, Alphabet, build_alphabet, decode, encode
from steadygan.data.text.lines import TextFile, read_lines, split_lines
from steadygan.errors import DataError, UsageError

WORDS = [f"line {number}" for number in range(20)]
ABC = Alphabet(UNKNOWN + "`abc")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "text.txt"


def test_each_line_is_read_as_it_is_and_empty_ones_are_left_out(file: Path) -> None:
    file.write_text("\n".join(["  indented ", "", " \t ", "Ünï`cödé", *WORDS]) + "\n", encoding="utf-8")
    assert read_lines(file) == TextFile(["  indented ", "Ünï`cödé", *WORDS], empty=2, broken=0)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("packed", [False, True])
def test_line_ends_byte_order_marks_and_packing_make_no_difference(
    file: Path, end: str, mark: bytes, packed: bool
) -> None:
    content = mark + end.join(WORDS).encode()
    file.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    assert read_lines(str(file)).lines == WORDS


def test_separators_that_are_no_line_ends_stay_inside_of_a_line(file: Path) -> None:
    odd = "a\x0bb\x0cc\x1cd\x85e\u2028f"
    file.write_text("\n".join([odd, *WORDS]), encoding="utf-8")
    assert read_lines(file).lines[0] == odd


def test_broken_bytes_are_replaced_and_counted(file: Path) -> None:
    file.write_bytes("\n".join(WORDS).encode() + b"\ncaf\xe9 \xff\n")
    found = read_lines(file)
    assert found.lines[-1] == f"caf{UNKNOWN} {UNKNOWN}"
    assert found.broken == 2


def test_no_more_lines_are_read_than_asked_for(file: Path) -> None:
    file.write_text("\n".join(WORDS) + "\n\n", encoding="utf-8")
    assert read_lines(file, most=16) == TextFile(WORDS[:16], 0, 0, more=True)
    assert read_lines(file, most=20) == TextFile(WORDS, 1, 0, more=False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no text in it"),
        (b"\n \n\t\r\n", "has no text in it"),
        (b"\n".join([b"a"] * 15), "has too few lines of text, 15: one sample each, 16 are needed"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not text: it contains zero bytes"),
        ("\n".join(WORDS).encode("utf-16"), "is UTF-16; text has to be saved as UTF-8"),
        ("Привет, мир\n".encode("koi8-r") * 20, "is not UTF-8 text: 180 of 220 characters are broken"),
        (gzip.compress("\n".join(WORDS).encode(), mtime=0)[:-9], "cannot read"),
    ],
)
def test_what_cannot_be_trained_on_is_refused_in_one_line(file: Path, content: bytes, message: str) -> None:
    file.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_lines(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_folders_and_missing_files_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.txt"):
        with pytest.raises(DataError, match="is not a text file"):
            read_lines(path)


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


def test_a_split_parts_all_lines_and_follows_their_content_alone() -> None:
    lines = [f"{number} is a number" for number in range(200)]
    train, held_out = split_lines(lines, 0.1)
    assert len(held_out) == 20
    assert sorted(train + held_out) == sorted(lines)
    assert [line for line in lines if line in set(held_out)] == held_out
    assert set(split_lines(lines[::-1], 0.1)[1]) == set(held_out)


def test_lines_that_are_equal_once_cut_are_on_one_side() -> None:
    lines = [f"{number:03d}{tail}" for number in range(60) for tail in ("", " and more", " and much more")]
    train, held_out = split_lines(lines, 0.2, length=3)
    assert len(held_out) == 36
    assert not {line[:3] for line in train} & {line[:3] for line in held_out}
    assert {line[:3] for line in split_lines(lines, 0.2)[0]} & {line[:3] for line in split_lines(lines, 0.2)[1]}


def test_copies_can_be_spread_over_both_sides() -> None:
    lines = ["ROMEO:"] * 300 + ["JULIET:"] * 300
    train, held_out = split_lines(lines, 0.2, copies_together=False)
    assert (len(train), len(held_out)) == (480, 120)
    assert 35 < held_out.count("ROMEO:") < 85
    assert split_lines(lines[::-1], 0.2, copies_together=False)[1].count("ROMEO:") == held_out.count("ROMEO:")


def test_a_summary_counts_what_becomes_of_a_text() -> None:
    text = TextFile(["abcab", "abcac", "abc", "a`x", f"c{UNKNOWN}"], empty=2, broken=1)
    found = summarise(text, ABC, 4)
    assert dataclasses.asdict(found) == {
        "lines": 5,
        "empty": 2,
        "cut": 2,
        "padded": 3,
        "longest": 5,
        "copies": 1,
        "length": 4,
        "characters": 5,
        "unknown_share": 2 / 16,
        "with_padding": 1,
        "broken": 1,
        "more": False,
    }
    assert found.sentences() == (
        "Each of 5 lines is one sample of 4 characters: 2 longer ones (40%; the longest has 5) are cut and the "
        "rest dropped; shorter ones (60%) are padded.",
        "The alphabet has 3 characters, one for padding and one for unknown characters, which are 12.50% of the text.",
        "Empty lines are left out (2).",
        "Lines that are copies of others are kept (1).",
        "The text contains the padding character (in 1 of its lines): at a line's end it is lost.",
        "Characters that are not UTF-8 are unknown (1).",
    )


def test_a_summary_says_when_a_file_goes_on() -> None:
    found = summarise(TextFile(["ab", "c"], 0, 0, more=True), ABC, 4)
    assert found.cut == found.copies == found.with_padding == 0
    assert found.sentences()[-1] == "The file has more lines; they are not read."
