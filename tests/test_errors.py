"""Errors in one line: the nearest spelling."""

from __future__ import annotations

import pytest

from steadygan.errors import close, nearest


@pytest.mark.parametrize(
    ("word", "known", "found"),
    [
        ("--conut", ["--count", "--out"], "--count"),
        ("hlep", ["train", "--help"], "--help"),
        ("--tag", ["--help", "--quiet", "--verbose", "--json"], None),  # nothing is alike but the dashes
        ("--", ["--help"], None),
        ("wgan-pg", ["gan", "wgan-gp"], "wgan-gp"),
    ],
)
def test_the_dashes_of_options_make_them_no_more_alike(word: str, known: list[str], found: str | None) -> None:
    assert close(word, known, 0.5) == found
    assert nearest(word, known) == (f"; did you mean '{found}'?" if found else "")


@pytest.mark.parametrize(("word", "found"), [("ONNX", "onnx"), ("Wgan-GP", "wgan-gp"), ("r1", "R1"), ("XYZ", None)])
def test_capitals_make_no_name_another(word: str, found: str | None) -> None:
    assert close(word, ["onnx", "wgan-gp", "R1"], 0.5) == found
