"""Lines of text as samples, by the rules of WGAN-GP's language model (Gulrajani et al. 2017; the authors' code).

One line is one sample of a fixed length. A longer line is cut and its rest dropped, so that every sample starts at the
start of a line. A shorter one is padded with a character that the model learns like any other.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

from steadygan.data.options import LONGEST
from steadygan.data.reading import need_memory, reading, shown
from steadygan.data.split import choose_held_out
from steadygan.data.text.alphabet import LENGTH, UNKNOWN, need_length
from steadygan.errors import DataError
from steadygan.system.memory import most_held
from steadygan.system.regular import open_regular

MOST_LINES = 10_000_000
"""the authors' limit on lines"""
LONGEST_LINE = 2**24
"""characters; a file with a longer line has no lines of text"""
FEWEST_LINES = 16
MOST_BROKEN = 0.1
"""share of characters"""

_REST = 2**16
_GZIP = b"\x1f\x8b"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class TextFile(NamedTuple):
    """The lines of a text file, and counts from reading it."""

    lines: list[str]
    """lines that are not empty, without line ends, cut to ``LONGEST`` characters, otherwise unchanged"""
    empty: int
    """lines of white space or nothing, left out"""
    broken: int
    """replacement characters in the lines: bytes that are not UTF-8"""
    more: bool = False
    """True if the file has more lines than are read"""
    longest: int = 0
    """characters of the longest line that was cut, 0 if none was"""


def read_lines(path: str | os.PathLike[str], most: int = MOST_LINES) -> TextFile:
    """Reads a UTF-8 file, gzipped or not, with any line ends, with or without a byte order mark.

    Raises:
        DataError: for a missing file, a damaged archive, what is not UTF-8 text (zero bytes, or more than a tenth of
            the characters invalid), a line of more than ``LONGEST_LINE`` characters, fewer than 16 lines that are not
            empty, and more of them than are held in memory.
    """
    path = Path(os.path.expanduser(path))
    if not path.exists():
        raise DataError(f"'{shown(path)}' is not a text file")
    with reading(path, "text"), _opened(path) as text:
        found = _collect(path, text, most)
    characters = sum(map(len, found.lines))
    if found.broken > MOST_BROKEN * characters:
        raise DataError(f"'{shown(path)}' is not UTF-8 text: {found.broken:,} of {characters:,} characters are broken")
    count = len(found.lines)
    if not count:
        raise DataError(f"'{shown(path)}' has no text in it; one sample a line is needed, at least {FEWEST_LINES}")
    if count < FEWEST_LINES:
        raise DataError(
            f"'{shown(path)}' has too few lines of text, {count}: one sample each, {FEWEST_LINES} are needed"
        )
    return found


def _collect(path: Path, text: IO[str], most: int) -> TextFile:
    lines: list[str] = []
    empty, longest, held, bound, more = 0, 0, 0, most_held(), False
    for line, length in cut_lines(text):
        _check_line(path, line, length)
        is_empty = not line.strip()
        if len(lines) + empty >= 2 * most or (len(lines) == most and not is_empty):
            more = True
            break
        if is_empty:
            empty += 1
            continue
        lines.append(line)
        longest = max(longest, length if length > LONGEST else 0)
        held += sys.getsizeof(line)
        if held > bound:
            need_memory(f"'{shown(path)}'", held, f"its first {len(lines):,} lines need")
    return TextFile(lines, empty, sum(line.count(UNKNOWN) for line in lines), more, longest)


def _check_line(path: Path, line: str, length: int) -> None:
    if "\0" in line:
        raise DataError(f"'{shown(path)}' is not text: it contains zero bytes; text has to be saved as UTF-8")
    if length > LONGEST_LINE:
        raise DataError(
            f"'{shown(path)}' has a line of more than {LONGEST_LINE:,} characters; one sample a line is needed"
        )


@contextmanager
def _opened(path: Path) -> Iterator[io.TextIOWrapper]:
    with open_regular(path) as raw:
        buffered = cast(io.BufferedReader, raw)
        file = gzip.GzipFile(fileobj=raw) if buffered.peek(2)[:2] == _GZIP else buffered
        if file.peek(2)[:2] in _UTF_16:
            raise DataError(f"'{shown(path)}' is UTF-16; text has to be saved as UTF-8")
        with io.TextIOWrapper(cast(IO[bytes], file), encoding="utf-8-sig", errors="replace") as text:
            yield text


def cut_lines(text: IO[str], most: int = LONGEST) -> Iterator[tuple[str, int]]:
    """(the first ``most`` characters of a line, characters of the whole line), without line ends; holds one line's cut.

    A line that is longer than ``LONGEST_LINE`` is not read to its end.
    """
    while line := text.readline(most):
        length = len(line)
        if not line.endswith("\n"):
            while length <= LONGEST_LINE and (rest := text.readline(_REST)):
                length += len(rest)
                if rest.endswith("\n"):
                    length -= 1
                    break
            yield line, length
        else:
            yield line[:-1], length - 1


def split_lines(
    lines: Sequence[str], share: float, length: int = LENGTH, *, copies_together: bool = True
) -> tuple[list[str], list[str]]:
    """Training and held-out lines, both in order; chosen by content, as in ``split.choose_held_out``.

    Args:
        lines: all lines
        share: share of held-out lines; at most 10,000 lines
        length: characters of a sample
        copies_together: lines that are equal once cut are held out together or not at all, so that no held-out sample
            is trained on. If a text repeats itself (the speakers' names in a play), the two splits then differ in
            distribution, and n-gram divergences between them are no floor for a model's. False spreads copies over
            both splits, as the authors' random split does.
    """
    need_length(length)
    digests, seen = [], Counter[str]()
    for line in lines:
        kept = line[:length]
        digests.append(_digest(kept if copies_together else f"{seen[kept]} {kept}"))
        seen[kept] += 1
    mask = choose_held_out(digests, share, samples=digests if copies_together else None)
    train = [line for line, out in zip(lines, mask, strict=True) if not out]
    return train, [line for line, out in zip(lines, mask, strict=True) if out]


def _digest(line: str) -> bytes:
    return hashlib.blake2b(line.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def read_docs() -> TextFile:
    """Lines of the language reference that ships with Python, some 8,000, without their indentation.

    Lines without a letter (rules of tables) are left out. Other versions of Python have other lines.

    Raises:
        DataError: if Python was installed without it.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise DataError("this Python came without its documentation; name a file of text instead") from error
    lines = (line.strip() for name in sorted(topics) for line in topics[name].splitlines())
    return TextFile([line for line in lines if any(map(str.isalpha, line))], empty=0, broken=0)
