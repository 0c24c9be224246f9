"""Absolute paths of a machine, shortened to their last part."""

from __future__ import annotations

import pytest

from steadygan.report.paths import ShortPaths, is_absolute, last_part


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("--data /home/ada/photos --out x", "--data …/photos --out x"),
        ("--out=/home/ada/runs/a", "--out=…/a"),
        ("read '~/pictures/cats'", "read '…/cats'"),
        ("D:\\data\\cats\\ is empty", "D:\\data\\cats\\ is empty".replace("D:\\data\\cats\\", "…/cats")),
        ("runs/a/samples/000100.png", "runs/a/samples/000100.png"),
        ("./photos/cats and ../a/b", "./photos/cats and ../a/b"),
        ("12.3k samples/s, 1/2, n/a", "12.3k samples/s, 1/2, n/a"),
        ("https://pytorch.org/get-started/locally", "https://pytorch.org/get-started/locally"),
        ("hf:owner/name", "hf:owner/name"),
    ],
)
def test_paths_in_running_text(text: str, shown: str) -> None:
    assert ShortPaths([])(text) == shown


def test_known_paths_may_hold_spaces_and_longer_ones_go_first() -> None:
    short = ShortPaths([{"source": "/home/a b/c d"}, ["/home/a b"], 3, None])
    assert short("/home/a b/c d/e.png; /home/a b; /home/a bc") == "…/c d/e.png; …/a b; …/a bc"


def test_all_texts_of_plain_data_are_shortened() -> None:
    short = ShortPaths([])
    assert short.inside({"/home/ada/x": ["/home/ada/y", 1, None], "b": True}) == {"…/x": ["…/y", 1, None], "b": True}


@pytest.mark.parametrize(
    ("text", "absolute"),
    [("/a/b", True), ("~/a", True), ("C:\\a", True), ("\\\\server\\share", True), ("a/b", False), ("digits", False)],
)
def test_absolute_paths_of_any_system(text: str, absolute: bool) -> None:
    assert is_absolute(text) is absolute


def test_the_last_part_survives_a_closing_separator() -> None:
    assert last_part("/home/ada/photos/") == "…/photos" and last_part("C:\\a\\b") == "…/b"
