"""Output paths: what may be written to a path that a user names, checked before any work begins.

Only a plain file, or a name that is free, is replaced: a device or FIFO that is renamed over is gone.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from steadygan.errors import UsageError
from steadygan.system.regular import kind_of

_USUAL_NAME = 255
"""bytes of the longest name of most file systems"""


def target_of(path: Path) -> Path:
    """The path that is written: for a symbolic link what it points to, which need not exist.

    Raises:
        UsageError: for links that lead in a circle.
    """
    try:
        if not path.is_symlink():
            return path
        target = path.resolve()
        if stat.S_ISLNK(target.lstat().st_mode):  # a circle, which Python 3.13 and later leave as it is
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    except FileNotFoundError:
        return target
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"'{path}' cannot be written: {_reason(error)}") from None
    return target


def check_replaceable(path: Path, *, folder: bool | None = None) -> None:
    """Raises UsageError unless the path is free, a file or a folder.

    Args:
        path: no link
        folder: True if a folder is to stand there, False if a file is, None if either may
    """
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            return  # it is free, or the write says what is in the way
        raise UsageError(f"'{path}' cannot be written: {_reason(error)}") from None
    except ValueError as error:  # a null byte
        raise UsageError(f"{str(path)!r} cannot be written: {_reason(error)}") from None
    kind = kind_of(mode)
    if kind is not None and not stat.S_ISDIR(mode):
        raise UsageError(f"'{path}' is {kind}, and is not replaced; name a file")
    if folder is not None and stat.S_ISDIR(mode) != folder:
        needed = "name a folder, or a free name" if folder else "name a file"
        raise UsageError(f"'{path}' is {'a folder' if stat.S_ISDIR(mode) else 'a file'}; {needed}")


def check_output_file(path: Path) -> None:
    """Raises UsageError, in one line, unless a file can be written there: before the work whose result it gets."""
    target = target_of(path)
    check_replaceable(target, folder=False)
    _check_parent(target)


def check_output_folder(path: Path) -> None:
    """Raises UsageError, in one line, unless a folder can be made or filled there."""
    target = target_of(path)
    check_replaceable(target, folder=True)
    if target.is_dir():
        if not os.access(target, os.W_OK | os.X_OK):
            raise UsageError(f"cannot write into '{path}': permission denied")
        return
    _check_parent(target)


def _check_parent(path: Path) -> None:
    """Raises UsageError unless the nearest folder above the path that exists can be written into."""
    for above in path.absolute().parents:
        try:
            mode = above.stat().st_mode
        except FileNotFoundError:
            continue
        except OSError as error:
            if isinstance(error, NotADirectoryError):
                continue  # the file that is in the way is higher up
            raise UsageError(f"'{path}' cannot be written: {_reason(error)}") from None
        if not stat.S_ISDIR(mode):
            raise UsageError(f"'{path}' cannot be written: '{above}' is {kind_of(mode) or 'a file'}, not a folder")
        if not os.access(above, os.W_OK | os.X_OK):
            raise UsageError(f"'{path}' cannot be written: permission denied in '{above}'")
        longest = _longest_name(above)
        for name in path.absolute().relative_to(above).parts:  # of folders that are still to be made
            if len(os.fsencode(name)) > longest:
                raise UsageError(f"'{path}' cannot be written: {os.strerror(errno.ENAMETOOLONG)}")
        return


def _longest_name(folder: Path) -> int:
    """Bytes of the longest name that a folder's file system takes."""
    try:
        return os.pathconf(folder, "PC_NAME_MAX")
    except (OSError, ValueError, AttributeError):  # Windows
        return _USUAL_NAME


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
