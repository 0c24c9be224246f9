"""Text files as samples, by the rules of WGAN-GP's language model (Gulrajani et al. 2017; the authors' code).

One line is one sample of a fixed length. A longer line is cut: its rest is dropped, neither wrapped nor joined to the
next, so that every sample begins where a line begins. A shorter one is filled up with a padding character that the
model learns like any other.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

from steadygan.data.split import choose_held_out
from steadygan.data.text.alphabet import LENGTH, UNKNOWN, need_length
from steadygan.errors import DataError

MOST_LINES = 10_000_000
"""the authors' limit on lines"""
FEWEST_LINES = 16
MOST_BROKEN = 0.1
"""share of characters"""

_GZIP = b"\x1f\x8b"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class TextFile(NamedTuple):
    """The lines of a text file, and what was met on the way."""

    lines: list[str]
    """those with something in them, without line ends, otherwise as they are"""
    empty: int
    """lines of nothing or of white space, left out"""
    broken: int
    """replacement characters in the lines: bytes that are not UTF-8"""
    more: bool = False
    """does the file go on after the most lines that are read?"""


def read_lines(path: str | os.PathLike[str], most: int = MOST_LINES) -> TextFile:
    """The lines of a UTF-8 file, packed with gzip or not, with any line ends, with or without a byte order mark.

    Raises:
        DataError: for no file, a damaged archive, what is not UTF-8 text (zero bytes, or more than a tenth of the
            characters broken), and fewer than 16 lines with something in them.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise DataError(f"'{path}' is no file of text")
    lines: list[str] = []
    empty, characters, more = 0, 0, False
    try:
        with _opened(path) as text:
            for line in text:
                if "\0" in line:
                    raise DataError(f"'{path}' is not text: it holds zero bytes; text has to be saved as UTF-8")
                line = line.removesuffix("\n")
                if not line.strip():
                    empty += 1
                elif len(lines) == most:
                    more = True
                    break
                else:
                    lines.append(line)
                    characters += len(line)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read '{path}': {error}") from error
    broken = sum(line.count(UNKNOWN) for line in lines)
    if broken > MOST_BROKEN * characters:
        raise DataError(f"'{path}' is not UTF-8 text: {broken:,} of {characters:,} characters are broken")
    if not lines:
        raise DataError(f"'{path}' has no text in it; one sample a line is needed, {FEWEST_LINES} or more")
    if len(lines) < FEWEST_LINES:
        raise DataError(f"'{path}' has too few lines of text, {len(lines)}: one sample each, {FEWEST_LINES} are needed")
    return TextFile(lines, empty, broken, more)


@contextmanager
def _opened(path: Path) -> Iterator[io.TextIOWrapper]:
    with path.open("rb") as raw:
        file = gzip.GzipFile(fileobj=raw) if raw.peek(2)[:2] == _GZIP else raw
        if file.peek(2)[:2] in _UTF_16:
            raise DataError(f"'{path}' is UTF-16; text has to be saved as UTF-8")
        with io.TextIOWrapper(cast(IO[bytes], file), encoding="utf-8-sig", errors="replace") as text:
            yield text


def split_lines(
    lines: Sequence[str], share: float, length: int = LENGTH, *, copies_together: bool = True
) -> tuple[list[str], list[str]]:
    """Lines to train on and held-out ones, both in their order; chosen as ``split.choose_held_out`` does, by content.

    Args:
        lines: all lines
        share: of the lines that is held out, at most 10,000 of them
        length: characters that a sample keeps
        copies_together: lines that are equal once they are cut are held out together or not at all, so that none of
            the held-out samples is trained on. Where a text repeats itself (the speakers' names in a play), both
            parts then differ in distribution, and n-gram divergences between them are no floor for a model's. False
            spreads copies over both parts, as the authors' random split does.
    """
    need_length(length)
    digests, seen = [], Counter[str]()
    for line in lines:
        kept = line[:length]
        digests.append(_digest(kept if copies_together else f"{seen[kept]} {kept}"))
        seen[kept] += 1
    mask = choose_held_out(digests, share)
    train = [line for line, out in zip(lines, mask, strict=True) if not out]
    return train, [line for line, out in zip(lines, mask, strict=True) if out]


def _digest(line: str) -> bytes:
    return hashlib.blake2b(line.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def read_docs() -> TextFile:
    """The lines of the language reference that ships with Python, without their indentation; some 8,000.

    Lines without a letter (rules of tables) are left out. Another version of Python has other lines.

    Raises:
        DataError: for a Python that came without it.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise DataError("this Python came without its documentation; name a file of text instead") from error
    lines = (line.strip() for name in sorted(topics) for line in topics[name].splitlines())
    return TextFile([line for line in lines if any(map(str.isalpha, line))], empty=0, broken=0)
