"""The summary of a text."""

from __future__ import annotations

import dataclasses

from steadygan.data.audit.text import summarise
from steadygan.data.text.alphabet import UNKNOWN, Alphabet
from steadygan.data.text.lines import TextFile

ABC = Alphabet(UNKNOWN + "`abc")


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
