"""JSON documents of a run as readable text."""

from __future__ import annotations

from typing import Any

import pytest

from steadygan.report.facts import readable


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1797, "1,797"),
        (True, "yes"),
        (0.5, "0.5"),
        ("text", "text"),
        ([1, 8, 8], "1x8x8"),
        ([["cat", 1200], ["dog", 7]], "cat: 1,200, dog: 7"),
        ([[[8, 9], 3], [[640, 480], 1]], "8x9: 3, 640x480: 1"),
        ([["a.jpg", "truncated"], ["b.jpg", "empty"]], ["a.jpg: truncated", "b.jpg: empty"]),
        (["0", "1"], "0, 1"),
        (["one long sentence, long enough", "and another"], ["one long sentence, long enough", "and another"]),
        ([["a.png", "b.png", "c.png"]], "a.png, b.png, c.png"),
        ([], ""),
    ],
)
def test_a_value_becomes_a_text_or_lines(value: Any, said: Any) -> None:
    assert readable(value) == said


def test_named_facts_keep_their_order_and_lose_what_is_empty() -> None:
    facts = readable({"held_out": 180, "cache": None, "notes": [], "duplicates": 0, "problem": ""})
    assert facts == {"held out": "180", "duplicates": "0"}


def test_plain_facts_below_a_name_are_one_text_and_deeper_ones_stay_apart() -> None:
    facts = readable({"versions": {"torch": "2.13", "cuda": None}, "a": {"b": {"c": 1}, "d": [1.5]}})
    assert facts == {"versions": "torch: 2.13", "a": {"b": "c: 1", "d": "1.5"}}


def test_long_lists_are_cut_and_say_so() -> None:
    said = readable({"classes": [[str(i), 1] for i in range(1000)]})
    assert isinstance(said, dict)
    assert str(said["classes"]).endswith("39: 1, and 960 more")
