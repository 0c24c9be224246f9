"""Lines of text as samples, by the rules of WGAN-GP's language model (Gulrajani et al. 2017; the authors' code).

One line is one sample of a fixed length. A longer line is cut and its rest dropped, so that every sample starts at the
start of a line. A shorter one is padded with a character that the model learns like any other.
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
    """The lines of a text file, and counts from reading it."""

    lines: list[str]
    """lines that are not empty, without line ends, otherwise unchanged"""
    empty: int
    """lines of white space or nothing, left out"""
    broken: int
    """replacement characters in the lines: bytes that are not UTF-8"""
    more: bool = False
    """True if the file has more lines than are read"""


def read_lines(path: str | os.PathLike[str], most: int = MOST_LINES) -> TextFile:
    """Reads a UTF-8 file, gzipped or not, with any line ends, with or without a byte order mark.

    Raises:
        DataError: for a missing file, a damaged archive, what is not UTF-8 text (zero bytes, or more than a tenth of
            the characters invalid), and fewer than 16 lines that are not empty.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise DataError(f"'{path}' is not a text file")
    lines: list[str] = []
    empty, characters, more = 0, 0, False
    try:
        with _opened(path) as text:
            for line in text:
                if "\0" in line:
                    raise DataError(f"'{path}' is not text: it contains zero bytes; text has to be saved as UTF-8")
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
        raise DataError(f"'{path}' has no text in it; one sample a line is needed, at least {FEWEST_LINES}")
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
