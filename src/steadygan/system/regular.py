"""Regular files: how a user's files are opened, so that no read ever waits for a FIFO or a device."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from steadygan.errors import UsageError

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class NotRegularError(OSError):
    """A path that is a folder, FIFO, socket or device where a file is meant."""


class TooLargeError(OSError):
    """A file that is larger than files of its kind can be."""


def open_regular(path: Path) -> BinaryIO:
    """Opens a regular file (links are followed) for reading bytes; never waits for a writer of a FIFO.

    Raises:
        NotRegularError: an ``OSError``, for a folder, FIFO, socket or device.
        OSError: if there is no such file, or it cannot be read.
    """
    _refuse_others(path, os.stat(path).st_mode)  # first: opening a device can have effects
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags)
    try:
        _refuse_others(path, os.fstat(handle).st_mode)  # another file may stand there by now
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most ``limit`` bytes.

    Raises:
        TooLargeError: an ``OSError``, for a larger one.
        OSError: as ``open_regular``.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(size + 1) if size <= limit else b""  # as much as it has: read(n) reserves n bytes
    if size > limit or len(content) > limit:
        raise TooLargeError(errno.EFBIG, f"is {size:,} bytes long; files of this kind have up to {limit:,}", str(path))
    return content


def append_regular(path: Path) -> BinaryIO:
    """Opens a regular file for writing at its end; a new one is made.

    Raises:
        NotRegularError: an ``OSError``, for a folder, FIFO, socket or device.
        OSError: if it cannot be written.
    """
    if path.exists():
        _refuse_others(path, os.stat(path).st_mode)
    return open(path, "ab")


def check_regular(path: Path) -> None:
    """Raises UsageError, in one line, unless the path is a regular file that can be opened for reading."""
    try:
        open_regular(path).close()
    except OSError as error:
        raise UsageError(f"'{path}': {error.strerror or error}") from None


def kind_of(mode: int) -> str | None:
    """What a file of this mode is, such as 'a FIFO'; None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    return next((name for test, name in _KINDS if test(mode)), "of an unknown kind")


def _refuse_others(path: Path, mode: int) -> None:
    kind = kind_of(mode)
    if kind is not None:
        raise NotRegularError(errno.EINVAL, f"is {kind}, not a file", str(path))
