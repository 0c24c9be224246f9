"""What is appended to a file of lines: each byte is read once, however long the file is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from steadygan.system.regular import open_regular

PIECE = 1 << 20
"""most bytes that are read at once"""
LONGEST = 1 << 16
"""bytes of a line; longer ones are no records, and left out"""
_KNOWN = 64
"""bytes before the end of what was read, by which a file is known again"""


class Tail:
    """The lines of a file that were not read yet. A line counts once it has ended.

    A file that was cut, replaced, or written over is read anew (``begun`` goes up).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.begun = 0
        self._restart()

    def _restart(self) -> None:
        self.offset, self.size = 0, 0
        self._identity: tuple[int, int] | None = None
        self._known = b""
        self._torn, self._skips = b"", False
        self.begun += 1

    @property
    def behind(self) -> int:
        """Bytes that are left to read, as far as the last call of ``read`` saw."""
        return max(0, self.size - self.offset)

    def read(self, most: int = PIECE) -> list[bytes]:
        """Further whole lines, of at most ``most`` bytes together; [] where there are none, and without a file."""
        try:
            with open_regular(self.path) as file:
                found = os.fstat(file.fileno())
                identity = (found.st_dev, found.st_ino)
                if identity != self._identity or found.st_size < self.offset or not self._is_known(file.fileno()):
                    if self._identity is not None:
                        self._restart()
                    self._identity = identity
                self.size = found.st_size
                if self.size <= self.offset:
                    return []
                file.seek(self.offset)
                content = file.read(min(most, self.size - self.offset))
        except OSError:
            if self._identity is not None:
                self._restart()
            return []
        self.offset += len(content)
        self._known = (self._known + content)[-_KNOWN:]
        return list(self._lines(content))

    def _is_known(self, handle: int) -> bool:
        """True if the bytes before the offset are those that were read: a file may be cut and grow again meanwhile."""
        if not self._known:
            return True
        return _bytes_at(handle, self.offset - len(self._known), len(self._known)) == self._known

    def _lines(self, content: bytes) -> Iterator[bytes]:
        first, *others = content.split(b"\n")
        pieces = [self._torn + first, *others]
        self._torn = pieces.pop()
        if pieces and self._skips:
            pieces, self._skips = pieces[1:], False
        if len(self._torn) > LONGEST:
            self._torn, self._skips = b"", True
        return (line for line in pieces if line and len(line) <= LONGEST)


def _bytes_at(handle: int, offset: int, count: int) -> bytes:
    os.lseek(handle, offset, os.SEEK_SET)
    return os.read(handle, count)


def last_lines(path: Path, most: int = 1 << 14) -> list[bytes]:
    """The whole lines in the last ``most`` bytes of a file; [] without one."""
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - most))
            content = file.read(most)
    except OSError:
        return []
    lines = content.split(b"\n")[:-1]
    return lines if size <= most else lines[1:]


def spread_lines(path: Path, count: int) -> list[bytes]:
    """At most ``count`` whole lines at equal distances in a file, in their order; [] without one."""
    found: list[bytes] = []
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            for index in range(count):
                file.seek(index * size // count)
                if index:
                    file.readline(LONGEST)  # of the line in which this place lies
                line = file.readline(LONGEST)
                if line.endswith(b"\n") and (not found or line.rstrip() != found[-1]):
                    found.append(line.rstrip())
    except OSError:
        return []
    return found
