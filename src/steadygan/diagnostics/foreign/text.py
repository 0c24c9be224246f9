"""Lines of a stranger's text file, of bounded length; anything that is no text is refused."""

from __future__ import annotations

import codecs
import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

from steadygan.data.reading import reading, shown
from steadygan.errors import DataError
from steadygan.system.regular import open_regular

LONGEST = 1 << 20
"""characters of a line"""
_HEAD = 4096
_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def head_of(path: Path) -> bytes:
    """The first bytes of a regular file.

    Raises:
        DataError: one line, if it cannot be read.
    """
    with reading(path, "a log"), open_regular(path) as file:
        return file.read(_HEAD)


def encoding_of(path: Path) -> str:
    """The encoding of a text file.

    Raises:
        DataError: one line, for an empty file and for one that is no text.
    """
    head = head_of(path)
    if not head:
        raise DataError(f"'{shown(path)}' is empty")
    for mark, encoding in _ENCODINGS:
        if head.startswith(mark):
            return encoding
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b\x08" for byte in head)
    if b"\0" in head or controls > len(head) / 50:
        raise DataError(
            f"'{shown(path)}' is no log: allowed: CSV, JSON, printed lines, TensorBoard events; it is a binary file"
        )
    return "utf-8"


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[io.TextIOWrapper]:
    encoding = encoding_of(path)
    with (
        reading(path, "text"),
        open_regular(path) as file,
        io.TextIOWrapper(file, encoding=encoding, errors="replace", newline=None) as text,
    ):
        yield text


def first_line(path: Path) -> str | None:
    """The first line with something in it; None where it is longer than ``LONGEST``, '' where there is none.

    Raises:
        DataError: as ``lines_of``.
    """
    with _opened(path) as text:
        while line := text.readline(LONGEST + 1):
            if len(line) > LONGEST:
                return None
            if line.strip():
                return line.rstrip("\n")
    return ""


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a text file without their ends; bytes that are no text are replaced.

    Raises:
        DataError: one line, for a file that cannot be read, is no text, or has a line longer than ``LONGEST``.
    """
    with _opened(path) as text:
        while line := text.readline(LONGEST + 1):
            if len(line) > LONGEST:
                raise DataError(f"'{shown(path)}' has a line of more than {LONGEST:,} characters; no log has")
            yield line.rstrip("\n")
