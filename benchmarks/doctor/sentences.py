"""Short sentences of a small grammar: eight subjects, which count as modes, with verbs, numbers and things."""

from __future__ import annotations

import numpy as np

SUBJECTS = ("anna", "bruno", "clara", "david", "elsa", "felix", "greta", "hugo")
_VERBS = ("sees", "buys", "likes", "paints", "finds", "draws", "eats", "cuts", "has", "wants", "takes", "sells")
_THINGS = (
    *("plums", "boats", "stones", "roses", "maps", "pears", "cups", "books", "hats", "keys", "shoes", "coins"),
    *("nuts", "eggs", "pens", "figs", "rings", "leaves", "cards", "dolls", "drums", "bells", "lamps", "ropes"),
)
LENGTH = 20


def draw_lines(rng: np.random.Generator, count: int) -> list[str]:
    """``count`` lines of about 18,000 different ones, all equally likely."""
    picks = rng.integers(0, [8, 12, 8, 24], (count, 4))
    return [f"{SUBJECTS[a]} {_VERBS[b]} {c + 2} {_THINGS[d]}"[:LENGTH] for a, b, c, d in picks]


def subject(line: str) -> int:
    """The mode of a line: the subject that most of its first characters agree with."""
    agree = [sum(a == b for a, b in zip(f"{name} ", line, strict=False)) / (len(name) + 1) for name in SUBJECTS]
    return int(np.argmax(agree))
