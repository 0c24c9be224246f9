"""Files that are either whole or not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from steadygan.types import RunError


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """A place beside ``path`` to write a file or folder to; it becomes ``path`` when the block ends well.

    After an error ``path`` is as it was before. Raises RunError (one line) where the disk refuses.
    """
    aside = path.with_name(f".part-{os.getpid()}-{path.name}")  # the suffix stays: writers choose by it
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield aside
        if aside.is_dir() and path.is_dir():
            _swap_folders(aside, path)
        else:
            aside.replace(path)
    except OSError as error:
        raise RunError(f"cannot write '{path}': {error.strerror or error}") from error
    finally:
        if aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        with suppress(OSError):  # the first error is the one to tell
            aside.unlink(missing_ok=True)


def _swap_folders(new: Path, old: Path) -> None:
    """Put ``new`` where ``old`` is; a folder that is not empty cannot be renamed over."""
    away = old.with_name(f".old-{os.getpid()}-{old.name}")
    old.rename(away)
    try:
        new.rename(old)
    except OSError:
        away.rename(old)
        raise
    shutil.rmtree(away, ignore_errors=True)
