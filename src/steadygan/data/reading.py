"""Reading untrusted data files: every parser's error is one line, and what is held in memory has a bound.

What damaged bytes make parsers raise has no common class: struct.error, zlib.error, tokenize.TokenError of a numpy
header, NotImplementedError of an unknown compression, RecursionError, MemoryError, whatever arrow raises. So each
format is read inside ``reading``, and nowhere else are these errors caught.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steadygan.errors import DataError, SteadyganError
from steadygan.system.escapes import escaped
from steadygan.system.memory import VARIABLE, most_held
from steadygan.system.words import byte_size

MOST_DEFLATED = 1032
"""bytes that a byte of deflate (.gz, .npz) unpacks to at most"""
_LONGEST = 160


@contextmanager
def reading(path: str | os.PathLike[str], kind: str) -> Iterator[None]:
    """Turns whatever the reading of a file raises into a DataError of one line; ``kind`` names its format.

    The cause stays attached, so that ``STEADYGAN_TRACEBACK=1`` shows it.
    """
    try:
        yield
    except SteadyganError:
        raise
    except Exception as error:
        raise DataError(f"cannot read '{shown(path)}' as {kind}: {why(error)}") from error


def why(error: BaseException) -> str:
    """The reason of a reader's error, in a few words that can be printed."""
    if isinstance(error, MemoryError):
        return "it does not fit in memory"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return escaped(" ".join(text.split()))[:_LONGEST] or f"it is damaged ({type(error).__name__})"


def shown(path: str | os.PathLike[str]) -> str:
    """A path as it is printed."""
    return escaped(os.fspath(path))


def need_memory(title: str, needed: int, what: str = "it needs") -> None:
    """Raises DataError if something needs more memory than is held of one data file.

    Args:
        title: what it is, as error lines begin
        needed: bytes
        what: in words: 'it unpacks to'
    """
    most = most_held()
    if needed > most:
        raise DataError(
            f"{title} is too large: {what} {byte_size(needed)}, and at most {byte_size(most)} of a file are held in "
            f"memory (half of it; {VARIABLE} sets another number of bytes)"
        )


def check_announced(path: str | os.PathLike[str], announced: int, packed: int) -> None:
    """Raises DataError if a file announces more than its deflated bytes can unpack to."""
    if announced > MOST_DEFLATED * (packed + 1):
        raise DataError(
            f"'{shown(path)}' is damaged: it announces {announced:,} bytes, which {packed:,} packed ones cannot hold"
        )


def regular_file_size(path: Path) -> int:
    """The size of a regular file in bytes. Raises OSError for anything else."""
    from steadygan.system.regular import open_regular

    with open_regular(path) as file:
        return os.fstat(file.fileno()).st_size
