"""Short sentences of a small grammar: eight subjects, which count as modes, eight verbs and eight objects."""

from __future__ import annotations

import numpy as np

SUBJECTS = ("anna", "bruno", "clara", "david", "elsa", "felix", "greta", "hugo")
_VERBS = ("sees", "buys", "likes", "paints", "finds", "draws", "eats", "cuts")
_THINGS = ("bread", "a boat", "plums", "the sea", "a stone", "roses", "milk", "the map")
LENGTH = 20


def draw_lines(rng: np.random.Generator, count: int) -> list[str]:
    """``count`` lines, 512 different ones, all equally likely."""
    picks = rng.integers(0, 8, (count, 3))
    return [f"{SUBJECTS[a]} {_VERBS[b]} {_THINGS[c]}"[:LENGTH] for a, b, c in picks]


def subject(line: str) -> int:
    """The mode of a line: the subject that most of its first characters agree with."""
    agree = [sum(a == b for a, b in zip(f"{name} ", line, strict=False)) / (len(name) + 1) for name in SUBJECTS]
    return int(np.argmax(agree))
