"""Lines of text files, and their split."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from steadygan.data.text.alphabet import UNKNOWN
from steadygan.data.text.lines import TextFile, read_lines, split_lines
from steadygan.errors import DataError

WORDS = [f"line {number}" for number in range(20)]


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
        with pytest.raises(DataError, match=r"is a folder|is not a text file"):
            read_lines(path)


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
