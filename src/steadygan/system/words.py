"""Numbers, sizes, durations and untrusted text in the form that people read."""

from __future__ import annotations

import math
import unicodedata

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def number(value: float) -> str:
    """Three significant digits: ``'-1.23'``, ``'0.0120'``, ``'1234'``, ``'1.2e-05'``, ``'nan'``."""
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    size = abs(value)
    if size < 1e-3 or size >= 1e6:
        return f"{value:.1e}"
    return f"{value:.0f}" if size >= 99.95 else f"{value:#.3g}"


def count(value: float) -> str:
    """A quantity with a metric prefix: ``'940'``, ``'12.3k'``, ``'1.2M'``."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * size:
            return f"{value / size:.1f}{letter}"
    return f"{value:.3g}"


def counted(count: int, what: str) -> str:
    """A number of things: ``'1 round'``, ``'1,200 rounds'``."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def duration(seconds: float) -> str:
    """A duration in at most two units: ``'45 s'``, ``'12 min'``, ``'1 h 20 min'``, ``'2 d 4 h'``."""
    if not math.isfinite(seconds):
        return "unknown time"
    seconds = max(seconds, 0.0)
    if seconds < 89.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 36:
        return f"{hours} h {minutes} min"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days} d {hours} h"


def byte_size(count: float) -> str:
    """A number of bytes in decimal units: ``'512 B'``, ``'50 kB'``, ``'246 MB'``, ``'1.6 GB'``, ``'2.0 TB'``."""
    for unit in ("B", "kB", "MB"):
        if count < 999.5:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB" if count < 999.95 else f"{count / 1000:,.1f} TB"


def visible(text: str, instead: str = REPLACEMENT) -> str:
    """Text with every character that cannot be printed replaced: control codes, text direction, lone surrogates.

    Untrusted text (names of files, lines of a data set) could otherwise move the cursor or forge output.
    """
    return "".join(character if character.isprintable() else instead for character in text)


def cells(text: str) -> int:
    """Columns of a terminal that a printable text takes: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shortened(text: str, width: int) -> str:
    """Text that fits a width: its beginning and, in a third of the room, its end: ``'wgan-gp-cel…-64'``."""
    if cells(text) <= width:
        return text
    if width < 2:
        return "…"[:width]
    end = _cut(text[::-1], (width - 1) // 3)[::-1]
    return f"{_cut(text, width - 1 - cells(end))}…{end}"


def _cut(text: str, width: int) -> str:
    """The beginning of a text that fits a width."""
    taken = 0
    for index, character in enumerate(text):
        taken += _cells(character)
        if taken > width:
            return text[:index]
    return text


def wrapped(line: str, width: int) -> list[str]:
    """A line of text as lines of at most ``width`` columns, broken between words only.

    Words that are wider than a line, such as paths, stay whole. Further lines are indented as the first one.
    """
    if cells(line) <= width:
        return [line]
    words = line.split(" ")
    indent = 0
    while indent < len(words) - 1 and not words[indent]:
        indent += 1
    margin = " " * min(indent, width // 2)
    lines, current = [], margin + words[indent]
    for word in words[indent + 1 :]:
        if cells(current) + 1 + cells(word) <= width:
            current = f"{current} {word}"
        elif word:
            lines.append(current.rstrip())
            current = margin + word
    return [*lines, current.rstrip()]
