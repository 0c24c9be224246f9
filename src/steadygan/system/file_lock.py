"""Advisory locks on open files that end with their process, and that its forked children do not keep."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

_held: weakref.WeakSet[FileIO] = weakref.WeakSet()
"""Locked files, which forked children close: a lock lasts as long as any process has the file open."""

if os.name == "posix":
    import fcntl

    def try_lock(file: FileIO) -> bool:
        """Locks an open file until it is closed; False if another one has the lock.

        Raises:
            OSError: on a file system without locks.
        """
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        _held.add(file)
        return True

    def locked_by_another(path: Path) -> bool:
        """True if somebody has locked the file."""
        with open(path, "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    @contextlib.contextmanager
    def locked_folder(folder: Path) -> Iterator[None]:
        """Waits for the lock of a folder, and holds it for the block; without locks there nothing is waited for."""
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            with contextlib.suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _close_in_child() -> None:
        for file in list(_held):
            file.close()

    os.register_at_fork(after_in_child=_close_in_child)
else:  # pragma: no cover
    import msvcrt

    _FAR = 1 << 30
    """the locked byte lies beyond the content: Windows' locks keep others from reading"""

    def try_lock(file: FileIO) -> bool:
        """Locks an open file until it is closed; False if another one has the lock."""
        file.seek(_FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        finally:
            file.seek(0)
        return True

    @contextlib.contextmanager
    def locked_folder(folder: Path) -> Iterator[None]:
        """Nothing: Windows has no locks of folders."""
        yield

    def locked_by_another(path: Path) -> bool:
        """True if somebody has locked the file."""
        with open(path, "r+b", buffering=0) as file:
            return not try_lock(file)
